// Departments by systems: where access and findings concentrate
const matrixForm = byId("matrix-modes");
const ROWS = 14;
const MODES = {
  grants: ["Grants", "grants"],
  privileged: ["Privileged grants", "grants that are privileged"],
  findings: ["Findings", "open findings; those with an exception are not counted"],
};
let allDepartments = false;

const placeOfPerson = (person) => (person === null ? NO_PERSON : people.department(person) ?? NO_DEPARTMENT);

function countCells(mode) {
  const cells = new Map();
  const add = (department, system) => {
    if (system === null) return;
    if (!cells.has(department)) cells.set(department, new Map());
    const row = cells.get(department);
    row.set(system, (row.get(system) ?? 0) + 1);
  };
  if (mode === "findings") {
    for (const row of findings.rows) if (!findings.excepted(row)) add(departmentOfFinding(row), findings.source(row));
    return cells;
  }
  for (const row of grants.rows) {
    if (mode === "privileged" && entitlements.privileged(grants.entitlement(row)) !== true) continue;
    add(placeOfPerson(personOfGrant(row)), accounts.source(grants.account(row)));
  }
  return cells;
}

function drawMatrix() {
  const mode = valuesOf(matrixForm).mode ?? "grants";
  const cells = countCells(mode);
  const total = (department) => [...(cells.get(department) ?? new Map()).values()].reduce((one, other) => one + other, 0);
  const inLine = [...cells.keys()].sort((one, other) => total(other) - total(one));
  const shown = allDepartments ? inLine : inLine.slice(0, ROWS);
  const most = Math.max(1, ...shown.flatMap((department) => [...cells.get(department).values()]));
  const heads = new Map(groupRows(people.rows, placeOfPerson));
  const target = (department, system) => {
    const asked = new URLSearchParams({ ...(system && { system }), department, ...(mode === "privileged" && { privileged: "yes" }) });
    return `#${mode === "findings" ? "findings" : "access"}?${asked}`;
  };
  const apart = mode === "findings" ? findings.rows.filter((row) => !findings.excepted(row) && findings.source(row) === null).length : 0;
  byId("matrix-note").textContent = inLine.length
    ? `Each cell counts ${MODES[mode][1]}; the stronger its colour, the more. A cell leads to its rows.${apart ? ` Left out: ${count(apart, "finding")} about no single system.` : ""}`
    : `Too little to show: there are no ${MODES[mode][1]}.`;
  const body = shown.map((department) => {
    const people_ = heads.get(department)?.length ?? 0;
    return element("tr", {},
      element("th", { scope: "row" }, outside(department), people_ ? element("small", { className: "note" }, ` ${people_.toLocaleString("en")} ${plural(people_)}`) : null),
      ...SYSTEMS.map((system) => {
        const number = cells.get(department).get(system) ?? 0;
        const cell = element("td", {}, number
          ? element("a", { href: target(department, system), ariaLabel: `${number} ${MODES[mode][1].split(";")[0]} of ${department} in ${system}` }, number.toLocaleString("en"))
          : element("span", {}, "0"));
        cell.style.setProperty("--part", number ? Math.max(0.08, number / most).toFixed(3) : "0");
        return cell;
      }),
      element("td", { className: "sum" }, element("a", { href: target(department) }, total(department).toLocaleString("en"))));
  });
  const left = inLine.length - shown.length;
  byId("matrix-table").replaceChildren(...(inLine.length ? [
    element("table", { className: "matrix" },
      element("caption", { className: "quiet-label" }, `${MODES[mode][0]} by department and system`),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Department"),
        ...SYSTEMS.map((system) => element("th", { scope: "col" }, system)), element("th", { scope: "col" }, "All"))),
      element("tbody", {}, ...body)),
    left > 0 ? element("button", { type: "button", className: "more", onclick: () => { allDepartments = true; drawMatrix(); } }, `Show ${left} more departments, with fewer`) : "",
  ] : []));
}

function readyMatrix() {
  for (const [mode, [words]] of Object.entries(MODES)) check(matrixForm, "mode", words, "radio", mode, mode === "grants");
  matrixForm.addEventListener("change", drawMatrix);
  drawMatrix();
}
