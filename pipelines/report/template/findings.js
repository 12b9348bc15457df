// Findings by person, with filters. A finding about no person stands with its account or its access.
const findingsForm = byId("findings-filters");
const GROUPS = 15;
let groupsShown = GROUPS;

const subjectOf = (row) => {
  if (findings.person(row) !== null) return `person ${findings.person(row)}`;
  const account = findings.account_text(row);
  return account ? `account ${account}` : `entitlement ${findings.entitlement(row) ?? ""}`;
};
const departmentOfFinding = (row) => departmentOf(findings.person(row)) ?? (findings.person(row) === null ? NO_PERSON : NO_DEPARTMENT);

function findingItem(row) {
  const account = findings.account(row);
  const said = [
    findings.source(row),
    `seen since ${findings.since(row)}`,
    findings.excepted(row) && `exception until ${findings.until(row)}`,
  ].filter(Boolean).join(", ");
  return element("li", {},
    element("span", { className: findings.severity(row) }, findings.severity(row)),
    element("div", {},
      element("p", {}, outside(findings.title(row)), findings.evidence(row) && ": ", outside(findings.evidence(row))),
      element("p", { className: "note" }, said,
        account !== null && ", account ", account !== null && linkAccount(account),
        findings.entitlement(row) !== null && ", access ",
        findings.entitlement(row) !== null && link("resource", entitlements.resource(findings.entitlement(row)), names.entitlement(findings.entitlement(row))))));
}

function findingGroup(rows, open) {
  const [first] = rows;
  const person = findings.person(first);
  const account = findings.account(first);
  const entitlement = findings.entitlement(first);
  const who = person !== null ? linkPerson(person)
    : account !== null ? linkAccount(account)
      : entitlement !== null ? link("resource", entitlements.resource(entitlement), names.entitlement(entitlement))
        : outside(findings.account_text(first) ?? "no account");
  const name = who.textContent;
  const where = person !== null
    ? [people.title(person), people.department(person), people.status(person)].filter(Boolean).join(", ")
    : [NO_PERSON, account !== null && accounts.source(account)].filter(Boolean).join(", ");
  const badges = SEVERITIES.map((severity) => [severity, rows.filter((row) => findings.severity(row) === severity).length])
    .filter(([, number]) => number)
    .map(([severity, number]) => element("span", { className: `badge ${severity}` }, `${number} ${severity}`));
  return element("details", { className: "group", open },
    element("summary", {}, outside(name, { className: "name" }), outside(where, { className: "where" }), element("span", { className: "badges" }, ...badges)),
    // A link inside of the summary could not be told from opening it
    element("ul", {}, ...rows.map(findingItem), element("li", { className: "all" }, "All about ", who)));
}

function chosenFindings(values) {
  const wanted = (values.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return findings.rows.filter((row) => (
    (!values.severity || findings.severity(row) === values.severity)
    && (!values.type || findings.type(row) === values.type)
    && (!values.system || findings.source(row) === values.system)
    && (!values.department || departmentOfFinding(row) === values.department)
    && (values.excepted || !findings.excepted(row))
    && wanted.every((word) => [
      findings.person(row) !== null && names.person(findings.person(row)),
      findings.account(row) !== null && names.account(findings.account(row)),
      findings.title(row), findings.evidence(row),
    ].some((text) => text && text.toLowerCase().includes(word)))));
}

function drawFindings(values) {
  const chosen = chosenFindings(values);
  // In the order of the rows, which is that of their severity; then those with most findings
  const groups = [...groupRows(chosen, subjectOf).values()];
  const worst = (rows) => SEVERITIES.indexOf(findings.severity(rows[0]));
  groups.sort((one, other) => worst(one) - worst(other) || other.length - one.length);
  const left = groups.length - groupsShown;
  byId("findings-count").textContent = `${count(chosen.length, "finding")} about ${groups.length.toLocaleString("en")} ${plural(groups.length)} or accounts`
    + `, of ${count(findings.length, "finding")} in all${values.excepted ? "" : "; those with an exception are hidden"}.`;
  byId("findings-groups").replaceChildren(
    ...groups.slice(0, groupsShown).map((rows, place) => findingGroup(rows, place < 2)),
    left > 0 ? element("button", {
      type: "button",
      className: "more",
      onclick: () => {
        groupsShown += 50;
        drawFindings(values);
        byId("findings-groups").children[groupsShown - 50].firstChild.focus();
      },
    }, `Show more (${left.toLocaleString("en")} left)`) : "",
    left > 0 ? element("p", { className: "printed" }, `Not printed: ${left.toLocaleString("en")} more. Choose filters, or show more, before printing.`) : "",
  );
}

function readyFindings() {
  field(findingsForm, "severity", "Severity", anyOf("all", SEVERITIES));
  field(findingsForm, "type", "Kind", anyOf("all", distinct(Object.keys(titles).concat(findings.rows.map(findings.type))).map((type) => [type, names.type(type)])));
  field(findingsForm, "system", "System", anyOf("all", SYSTEMS));
  field(findingsForm, "department", "Department", anyOf("all", [...DEPARTMENTS, NO_DEPARTMENT, NO_PERSON]));
  field(findingsForm, "q", "Search");
  check(findingsForm, "excepted", "with exceptions");
  findingsForm.addEventListener("input", () => {
    groupsShown = GROUPS;
    const values = valuesOf(findingsForm);
    keepInAddress("findings", values);
    drawFindings(values);
  });
  findingsForm.addEventListener("submit", (event) => event.preventDefault());
}
