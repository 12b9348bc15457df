// One person, one account or one resource, with everything about it
const detailGrid = (columns) => new Grid(byId("detail-grid"), "Access", columns.map((name) => grantColumns[name]));

function facts(pairs) {
  byId("detail-facts").replaceChildren(...pairs
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .flatMap(([name, value]) => [
      element("dt", {}, name),
      element("dd", { dir: "auto" }, value),
    ]));
}

function findingsOf(chosen) {
  byId("detail-findings").replaceChildren(...(chosen.length
    ? [element("h3", {}, count(chosen.length, "finding")), element("ul", {}, ...chosen.map(findingItem))] : []));
}

const accountFact = (row) => [
  `${accounts.source(row)} account`,
  element("span", {}, linkAccount(row), ` (${accounts.status(row)}, last sign-in ${accounts.login(row) ?? "unknown"})`),
];

const details = {
  person(id) {
    const row = places.person.get(id);
    if (row === undefined) return null;
    const theirs = accountsOfPerson.get(row) ?? [];
    const manager = places.person.get(people.manager(row));
    facts([
      ["Email", people.mail(row)], ["Employee number", people.number(row)], ["Job title", people.title(row)],
      ["Department", people.department(row)],
      ["Employment", [people.status(row), people.type(row)].filter(Boolean).join(", ")],
      ["Started", people.started(row)], ["Ended", people.ended(row)],
      ["Manager", manager === undefined ? null : linkPerson(manager)],
      ...theirs.map(accountFact),
    ]);
    return {
      title: names.person(row), what: "Access", drawn: "grants",
      findings: findings.rows.filter((one) => findings.person(one) === row),
      rows: theirs.flatMap((one) => grantsOfAccount.get(one) ?? []),
      columns: ["system", "account", "access", "scope", "privileged", "path", "since"],
    };
  },
  account(id) {
    const row = places.account.get(id);
    if (row === undefined) return null;
    const owner = accounts.person(row);
    facts([
      ["Account", accounts.id(row)], ["System", accounts.source(row)],
      ["Person", owner === null ? NO_PERSON : linkPerson(owner)], ["Matched by", accounts.rule(row)],
      ["Type", accounts.type(row)], ["Username", accounts.username(row)], ["Email", accounts.mail(row)],
      ["Status", accounts.status(row)], ["Vendor status", accounts.word(row)],
      ["Second factor", yes(accounts.mfa(row))], ["Last sign-in", accounts.login(row) ?? "unknown"],
    ]);
    return {
      title: names.account(row), what: "Access", drawn: "grants",
      findings: findings.rows.filter((one) => findings.account(one) === row),
      rows: grantsOfAccount.get(row) ?? [],
      columns: ["access", "scope", "privileged", "path", "since"],
    };
  },
  resource(id) {
    const given = entitlements.rows.filter((row) => entitlements.resource(row) === id);
    if (!given.length) return null;
    const wanted = new Set(given);
    const rows = grants.rows.filter((row) => wanted.has(grants.entitlement(row)));
    const holders = new Set(rows.map(personOfGrant));
    const [first] = given;
    facts([
      ["Resource", id], ["System", entitlements.source(first)], ["Type", entitlements.type(first)],
      ["Entitlements", given.map(names.entitlement).join("; ")], ["Description", entitlements.description(first)],
      ["Privileged", given.some((row) => entitlements.privileged(row)) ? "yes" : yes(entitlements.privileged(first))],
      ["Reached by", `${holders.size - holders.has(null)} ${plural(holders.size - holders.has(null))}`
        + `, ${count(new Set(rows.map(grants.account)).size, "account")}`],
    ]);
    return {
      title: entitlements.resource_name(first) || id, what: "Who has access, and through what", drawn: "holders",
      findings: findings.rows.filter((row) => wanted.has(findings.entitlement(row))),
      rows,
      columns: ["person", "employment", "account", "status", "access", "scope", "path", "since"],
    };
  },
};

function showDetail(kind, id) {
  byId("detail-facts").replaceChildren();
  const found = details[kind](id);
  byId("detail-title").textContent = found ? found.title : `No entry has the id ${id}`;
  byId("detail-what").textContent = found ? found.what : "";
  byId("drawing-title").hidden = !found;
  findingsOf(found ? found.findings : []);
  drawPaths(found ? found.rows : [], byId("drawing"), byId("drawing-note"), found ? found.drawn : "");
  if (!found) byId("drawing-note").textContent = "";
  if (!found?.rows.length) byId("drawing-direction").hidden = true;
  detailGrid(found ? found.columns : ["access"]).show(found ? found.rows : []);
}
