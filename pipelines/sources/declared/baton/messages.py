"""The protobuf messages in a .c1z, as far as they are read: the fields and their numbers.

Facts from github.com/ConductorOne/baton-sdk, proto/c1/connector/v2: resource.proto,
entitlement.proto, grant.proto, annotation_trait.proto and annotation_grant.proto. A number of a
field never changes its meaning, and fields that are not listed are skipped. An enum is read as its
number.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
    struct_pb2,
)
from google.protobuf.message import DecodeError, Message

PACKAGE = "c1.connector.v2"
STRUCT = "google.protobuf.Struct"
Field = descriptor_pb2.FieldDescriptorProto
SIMPLE = {
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "bool": Field.TYPE_BOOL,
    "int": Field.TYPE_INT64,
}
# Message -> field -> its number and its type; * stands for a repeated field
MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Any": {"type_url": (1, "string"), "value": (2, "bytes")},
    "Timestamp": {"seconds": (1, "int"), "nanos": (2, "int")},
    "ResourceType": {"id": (1, "string"), "traits": (3, "int*")},
    "ResourceId": {"resource_type": (1, "string"), "resource": (2, "string")},
    "Status": {"status": (1, "int"), "details": (2, "string")},
    "Resource": {
        "id": (1, "ResourceId"),
        "parent_resource_id": (2, "ResourceId"),
        "display_name": (3, "string"),
        "annotations": (4, "Any*"),
        "description": (5, "string"),
        "profile": (9, STRUCT),
        "status": (11, "Status"),
        "created_at": (12, "Timestamp"),
    },
    "Email": {"address": (1, "string"), "is_primary": (2, "bool")},
    "MFAStatus": {"mfa_enabled": (1, "bool")},
    "UserTrait": {
        "emails": (1, "Email*"),
        "status": (2, "Status"),
        "profile": (3, STRUCT),
        "account_type": (5, "int"),
        "login": (6, "string"),
        "created_at": (8, "Timestamp"),
        "last_login": (9, "Timestamp"),
        "mfa_status": (10, "MFAStatus"),
        "employee_ids": (13, "string*"),
    },
    "Entitlement": {
        "id": (2, "string"),
        "display_name": (3, "string"),
        "description": (4, "string"),
        "slug": (8, "string"),
    },
    "GrantSource": {"key": (1, "string")},
    "GrantSources": {"sources": (1, "GrantSource*")},
    "Grant": {"annotations": (4, "Any*"), "sources": (5, "GrantSources")},
    "GrantExpandable": {
        "entitlement_ids": (1, "string*"),
        "shallow": (2, "bool"),
        "resource_type_ids": (3, "string*"),
    },
    "GrantImmutable": {},
}


class NotReadable(ValueError):
    """The bytes are not the message that they should be."""


def parse(kind: str, data: bytes) -> Any:
    """Return a message of a kind. Raises NotReadable."""
    try:
        return _make_classes()[kind].FromString(data)
    except DecodeError:
        raise NotReadable(f"a {kind} is damaged") from None


def find_annotation(message: Any, kind: str) -> Any | None:
    """Return the annotation of this kind; None if the message has none."""
    for one in message.annotations:
        if one.type_url.endswith(f"/{PACKAGE}.{kind}"):
            return parse(kind, one.value)
    return None


def read_time(message: Any, field: str) -> str | None:
    """Return a time as text; None if the message has none, or zero, which stands for none."""
    moment = getattr(message, field)
    if not message.HasField(field) or moment.seconds <= 0:
        return None
    try:
        return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=moment.seconds)).isoformat()
    except OverflowError:
        return None


def read_profile(message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(message.profile) if message.HasField("profile") else {}


@cache
def _make_classes() -> dict[str, type[Message]]:
    file = descriptor_pb2.FileDescriptorProto(
        name="c1z.proto", package=PACKAGE, syntax="proto3", dependency=[struct_pb2.DESCRIPTOR.name]
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            bare = kind.removesuffix("*")
            full = f".{bare}" if "." in bare else f".{PACKAGE}.{bare}"
            message.field.add(
                name=field,
                number=number,
                label=Field.LABEL_REPEATED if bare != kind else Field.LABEL_OPTIONAL,
                type=SIMPLE.get(bare, Field.TYPE_MESSAGE),
                type_name=None if bare in SIMPLE else full,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in MESSAGES
    }
