// A table of any number of rows: sorted, and shown page by page
const PAGE = matchMedia("(max-width: 640px)").matches ? 10 : 25;

class Grid {
  // A column: name, text(row), and node(row) where more than the text is shown, key(row) to sort by
  constructor(host, label, columns) {
    Object.assign(this, { host, label, columns, rows: [], from: 0, sorted: null, down: false });
  }

  show(rows) {
    this.given = rows;
    this.from = 0;
    this.sort();
  }

  sort() {
    this.rows = this.given;
    if (this.sorted) {
      const key = this.sorted.key ?? ((row) => (this.sorted.text(row) ?? "").toLowerCase());
      const keyed = this.given.map((row) => [key(row), row]);
      const sign = this.down ? -1 : 1;
      keyed.sort(([one], [other]) => (one < other ? -sign : one > other ? sign : 0));
      this.rows = keyed.map(([, row]) => row);
    }
    this.draw();
  }

  choose(column) {
    this.down = this.sorted === column && !this.down;
    this.sorted = column;
    this.from = 0;
    this.sort();
    [...this.host.querySelectorAll("th button")][this.columns.indexOf(column)].focus();
  }

  turn(step) {
    this.from += step * PAGE;
    this.draw();
    const [back, on] = this.host.querySelectorAll(".pager button");
    (step > 0 && !on.disabled ? on : back.disabled ? on : back).focus({ preventScroll: true });
  }

  draw() {
    const { host, columns, rows } = this;
    if (!rows.length) {
      host.replaceChildren(element("p", { className: "empty" }, "No entries"));
      return;
    }
    const heads = columns.map((column) => {
      const head = element("th", { scope: "col" }, element("button", { type: "button", onclick: () => this.choose(column) }, column.name));
      if (column === this.sorted) head.setAttribute("aria-sort", this.down ? "descending" : "ascending");
      return head;
    });
    const shown = rows.slice(this.from, this.from + PAGE).map((row) => element("tr", {}, ...columns.map((column) => {
      const text = column.text(row) ?? "";
      const cell = element("td", {}, column.node ? column.node(row) : text && outside(text));
      cell.dataset.name = column.name;
      return cell;
    })));
    const last = Math.min(this.from + PAGE, rows.length);
    host.replaceChildren(
      element("table", {}, element("caption", { className: "quiet-label" }, this.label),
        element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...shown)),
      element("div", { className: "pager" },
        element("p", { role: "status" }, `${(this.from + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`),
        element("button", { type: "button", disabled: this.from === 0, onclick: () => this.turn(-1) }, "Previous"),
        element("button", { type: "button", disabled: last === rows.length, onclick: () => this.turn(1) }, "Next")),
    );
    if (rows.length <= PAGE) host.querySelectorAll(".pager button").forEach((button) => button.remove());
  }
}

const grantColumns = {
  person: { name: "Person", text: (row) => names.person(personOfGrant(row)), node: (row) => linkPerson(personOfGrant(row)) },
  department: { name: "Department", text: (row) => departmentOf(personOfGrant(row)) },
  employment: { name: "Employment", text: (row) => people.status(personOfGrant(row)) ?? "unknown" },
  system: { name: "System", text: (row) => accounts.source(grants.account(row)) },
  account: { name: "Account", text: (row) => names.account(grants.account(row)), node: (row) => linkAccount(grants.account(row)) },
  status: { name: "Status", text: (row) => accounts.status(grants.account(row)) },
  access: {
    name: "Access",
    text: (row) => names.entitlement(grants.entitlement(row)),
    node: (row) => link("resource", entitlements.resource(grants.entitlement(row)), names.entitlement(grants.entitlement(row))),
  },
  scope: { name: "Where", text: grants.scope },
  privileged: { name: "Privileged", text: (row) => yes(entitlements.privileged(grants.entitlement(row))) },
  path: { name: "Through", text: (row) => grants.path(row) ?? (grants.direct(row) ? "direct" : "inherited, nobody says from what") },
  since: { name: "Since", text: names.since, key: (row) => grants.granted(row) ?? grants.seen(row) },
};

const leaverColumns = [
  { name: "Person", text: exposures.name, node: (row) => link("person", people.id(exposures.person(row)), exposures.name(row)) },
  {
    name: "Account",
    text: exposures.account_text,
    node: (row) => (exposures.account(row) === null ? outside(exposures.account_text(row)) : linkAccount(exposures.account(row))),
  },
  { name: "System", text: (row) => accounts.source(exposures.account(row)) },
  { name: "Left on", text: exposures.ended },
  { name: "State", text: (row) => (exposures.still_open(row) ? "still open" : "closed") },
  {
    name: "Days",
    key: exposures.days,
    text: (row) => {
      const days = names.days(exposures.days(row));
      return exposures.still_open(row) ? `${days} so far` : exposures.at_most(row) ? `at most ${days}` : days;
    },
  },
  { name: "Seen closed on", text: exposures.closed },
];
