"""The service desk of Lanternfish: statuses, ticket types, fields and requesters."""

from __future__ import annotations

from tests.sandbox.haloitsm.tickets import Desk


def open_desk(desk: Desk) -> None:
    """Fill in the service desk. Closed is status 24 here; its number differs in every instance."""
    for number, name, sequence, closed in (
        (21, "New", 1, False),
        (22, "In Progress", 2, False),
        (23, "Cancelled", 98, True),
        (24, "Closed", 99, True),
    ):
        desk.statuses[number] = {"id": number, "name": name, "sequence": sequence}
        desk.statuses[number] |= {"type": 0, "_closed": closed}
    desk.ticket_types = {
        1: {"id": 1, "name": "Incident", "cancreate": True, "agentscanselect": True},
        3: {"id": 3, "name": "Access Request", "cancreate": True, "agentscanselect": True},
        4: {"id": 4, "name": "Project", "cancreate": False, "agentscanselect": False},
    }
    desk.ticket_types[3] |= {"itilrequesttype": 3, "fieldidlist": [1, 5, 204]}
    desk.fields[204] = {"id": 204, "name": "CFReviewKey", "label": "Review key", "usage": 1}
    desk.fields[204] |= {"type": 0, "inputtype": 0, "custom": 1, "values": []}
    desk.priorities = [
        {"id": f"5e5e5e5e-0000-4000-8000-00000000000{n}", "priorityid": n, "slaid": 1, "name": name}
        for n, name in ((1, "Critical"), (2, "High"), (3, "Medium"), (4, "Low"))
    ]
    desk.categories = [
        {"id": 7, "type_id": 1, "value": "Access>Removal", "category_name": "Access>Removal"}
    ]
    desk.clients[12] = {"id": 12, "name": "Lanternfish", "inactive": False}
    desk.sites[18] = {"id": 18, "name": "Bergen", "client_id": 12, "client_name": "Lanternfish"}
    desk.users[451] = {"id": 451, "name": "Review Bot", "client_id": 12, "site_id": 18.0}
    desk.users[451] |= {"emailaddress": "access-review@lanternfish.example", "inactive": False}
    desk.users[451] |= {"site_id_int": 18, "client_name": "Lanternfish", "linked_agent_id": 0}
