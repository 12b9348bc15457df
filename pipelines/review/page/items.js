// The items of the page: their facts in words, their groups, and what needs attention.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const about = data.about;
const collator = new Intl.Collator(undefined, { numeric: true });
const number = new Intl.NumberFormat("en");
const count = (amount, one, many = `${one}s`) => `${number.format(amount)} ${amount === 1 ? one : many}`;
const MIN_PEERS = 2; // fewer colleagues say nothing about what is usual

// A truth is "true", "false" or "" (unknown); a day is "2026-03-31"
const items = data.items.map((row, place) => {
  const item = { place };
  about.fields.forEach((name, column) => { item[name] = row[column]; });
  item.reasons = reasonsFor(item);
  item.needsLook = item.reasons.length > 0;
  item.isUsual = !item.needsLook && isUsual(item);
  return item;
});
data.items = null;
const byId = new Map(items.map((item) => [item.item_id, item]));

function reasonsFor(item) {
  const found = [];
  if (item.recommendation === "revoke") found.push(["Revoke recommended", "bad"]);
  else if (item.recommendation && item.recommendation !== "keep") found.push(["Look closely", "warn"]);
  if (item.is_privileged === "true") found.push(["Privileged", "warn"]);
  if (item.is_new_since_last_review === "true") found.push(["New since the last review", "warn"]);
  if (item.is_dormant === "true") found.push(["Account not used", "warn"]);
  return found;
}

// Most colleagues have it, and nothing speaks against it
function isUsual(item) {
  const total = Number(item.peers_total);
  return total >= MIN_PEERS && Number(item.peers_with) * 2 > total;
}

// ---- groups: the items of a person, or of an account without one

const groups = groupItems();

function groupItems() {
  const found = new Map();
  for (const item of items) {
    const group = found.get(item.who);
    if (group) group.items.push(item);
    else found.set(item.who, { items: [item] });
  }
  const made = [...found.values()];
  for (const group of made) {
    const first = group.items[0];
    group.first = first;
    group.name = nameOf(first);
    group.urgency = Math.max(...group.items.map(urgency)) + (first.is_leaver === "true" ? 1 : 0);
    group.items.sort((one, other) => rank(one) - rank(other) || one.place - other.place);
    for (const item of group.items) item.group = group;
  }
  made.sort((one, other) => other.urgency - one.urgency || collator.compare(one.name, other.name));
  return made;
}

function urgency(item) {
  return item.recommendation === "revoke" ? 2 : item.needsLook ? 1 : 0;
}

function rank(item) {
  return item.needsLook ? 2 - urgency(item) : item.isUsual ? 4 : 3;
}

// ---- words

function nameOf(item) {
  return item.full_name || item.account_name || item.username || item.who;
}

function accessOf(item) {
  return item.entitlement_name || item.row_end.split(",")[1];
}

function describeEmployment(item) {
  if (!item.full_name) return "no person that HR knows";
  const type = item.employment_type ? `, ${item.employment_type}` : "";
  if (item.employment_status === "leaver") return `has left${item.ended_on && ` on ${item.ended_on}`}${type}`;
  if (item.employment_status === "future") return `starts${item.started_on && ` on ${item.started_on}`}${type}`;
  if (item.employment_status === "active" && item.employment_type) return item.employment_type;
  return `${item.employment_status || "employment unknown"}${type}`;
}

function describeAccount(item) {
  const names = [...new Set([item.account_name, item.username])].filter((name) => name && name !== item.full_name);
  const kind = item.account_type === "service" ? "service account" : "";
  const status = item.account_status === "enabled" ? "" : `account ${item.account_status || "status unknown"}`;
  return [...names, kind, status].filter(Boolean).join(" · ");
}

function describeThing(item) {
  const where = item.scope_name ? `in ${item.scope_type} ${item.scope_name}` : "";
  return [[item.resource_type, where].filter(Boolean).join(" "), item.entitlement_description]
    .filter(Boolean).join(": ");
}

function describeSince(item) {
  const by = item.granted_by ? ` by ${item.granted_by}` : "";
  if (item.granted_at) return `${item.granted_at}${by}`;
  return item.first_seen_at ? `first seen on ${item.first_seen_at}${by}` : "unknown";
}

function describeUse(item) {
  if (!item.last_login_at) return "no sign-in is known";
  const days = Math.round((Date.parse(about.asOf) - Date.parse(item.last_login_at)) / 86_400_000);
  if (!(days >= 0)) return `signed in on ${item.last_login_at}`;
  return `signed in on ${item.last_login_at}, ${days === 0 ? "the same day" : `${count(days, "day")} before the data was read`}`;
}

function describePeers(item) {
  if (!item.peer_group || !item.peers_total) return "";
  if (item.peers_total === "0") return `no other people in ${item.peer_group}`;
  return `${item.peers_with} of ${item.peers_total} others in ${item.peer_group} have it`;
}

function describeLast(item) {
  if (!item.last_decision) {
    return item.is_new_since_last_review === "true" ? "new since the last review" : "never decided before";
  }
  const what = { keep: "kept", revoke: "revoked", modify: "to be modified", not_mine: "somebody else's", unsure: "unsure" };
  const parts = [item.last_decided_by && `by ${item.last_decided_by}`, item.last_decided_at && `on ${item.last_decided_at}`, item.last_campaign && `(${item.last_campaign})`];
  return [what[item.last_decision] ?? item.last_decision, ...parts.filter(Boolean)].join(" ");
}

function describeRemains(item) {
  if (item.is_direct === "false") return "cannot go by itself: it comes through others";
  if (item.remains_without) return `still there: ${item.remains_without}`;
  return item.is_direct === "true" ? "the access ends" : "unknown";
}

// Ways to the access, each a list of names; a direct way is empty
function readWays(item) {
  const ways = (item.access_paths || item.access_path || "direct").split("; ");
  return ways.map((way) => (way === "direct" ? [] : way.split(" > ").slice(0, -1)));
}

// ---- search

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function searchText(item) {
  item.folded ??= fold([
    item.full_name, item.job_title, item.department, item.account_name, item.username,
    accessOf(item), item.entitlement_description, item.source_name, item.scope_name,
  ].join("\n"));
  return item.folded;
}
