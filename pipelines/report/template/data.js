// The rows, unpacked: people.name(3) is the name of the fourth person. Rows refer to each other by
// position, and an unknown value is null.
async function unpack(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place += 1) bytes[place] = binary.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function report(problem) {
  const place = document.getElementById("problem");
  place.textContent = problem;
  place.hidden = false;
}

if (typeof DecompressionStream === "undefined") {
  report("This browser is too old for the lists of this page. The figures are right. Open the page in a browser of 2023 or later.");
  throw new Error("no DecompressionStream");
}
const data = await unpack(document.getElementById("data").textContent).catch((error) => {
  report("The lists of this page cannot be read: the file is damaged. Make it again with `rollcall report`.");
  throw error;
});
document.getElementById("data").remove(); // megabytes that nobody needs any more

const readers = (table) => {
  const columns = Object.entries(table);
  const made = Object.fromEntries(columns.map(([name, column]) => [
    name,
    Array.isArray(column)
      ? (row) => (row === null ? null : column[row] ?? null)
      : (row) => (row === null ? null : column.values[column.at[row]] ?? null),
  ]));
  const [, first] = columns[0];
  const { length } = Array.isArray(first) ? first : first.at;
  return { ...made, length, rows: Array.from({ length }, (_, row) => row) };
};
const [people, accounts, entitlements, grants, findings, exposures] =
  ["people", "accounts", "entitlements", "grants", "findings", "exposures"].map((name) => readers(data[name]));
const { titles } = data;

const placesOf = (table) => new Map(table.rows.map((row) => [table.id(row), row]));
const places = { person: placesOf(people), account: placesOf(accounts), entitlement: placesOf(entitlements) };
const groupRows = (rows, key) => {
  const groups = new Map();
  for (const row of rows) {
    const found = groups.get(key(row));
    if (found) found.push(row); else groups.set(key(row), [row]);
  }
  return groups;
};
const accountsOfPerson = groupRows(accounts.rows, accounts.person);
const grantsOfAccount = groupRows(grants.rows, grants.account);
const personOfGrant = (row) => accounts.person(grants.account(row));
const departmentOf = (person) => (person === null ? null : people.department(person));

const day = (number) => (number === null ? null : new Date(number * 86400000).toISOString().slice(0, 10));
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const plural = (number) => (number === 1 ? "person" : "people");
const yes = (value) => (value === true ? "yes" : value === false ? "no" : "unknown");
const SEVERITIES = ["critical", "high", "medium", "low"];
const NO_PERSON = "no person in HR";
const NO_DEPARTMENT = "no department";

const names = {
  person: (row) => (row === null ? NO_PERSON : people.name(row) || people.id(row)),
  account: (row) => accounts.name(row) || accounts.username(row) || accounts.id(row),
  entitlement: (row) => entitlements.name(row) || entitlements.id(row),
  // Not every system says when it gave access; then the first sight of it is an upper bound
  since: (row) => day(grants.granted(row)) ?? `at the latest ${day(grants.seen(row))}`,
  type: (type) => titles[type] ?? type[0].toUpperCase() + type.slice(1).replaceAll("_", " "),
  days: (days) => (days < 1 ? "under a day" : count(days, "day")),
};
