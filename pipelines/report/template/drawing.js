// How a person reaches a resource: person, account, what it was given, and what that gives, from left
// to right; on a narrow page from top to bottom, each step indented.
const DRAWN = 24; // more ends of paths than these are not readable
const ROW = 50, NODE = 42, NARROW = 640;
const givenBy = groupRows(data.implications.reached.map((_, row) => row), (row) => data.implications.reached[row]);

class Drawing {
  constructor() {
    this.nodes = new Map();
    this.edges = new Map();
  }

  node(key, made) {
    if (!this.nodes.has(key)) this.nodes.set(key, { key, from: [], to: [], level: 0, ...made });
    return this.nodes.get(key);
  }

  edge(from, to, unknown = false) {
    const key = `${from.key}>${to.key}`;
    if (from === to || this.edges.has(key)) return;
    this.edges.set(key, { from, to, unknown });
    from.to.push(to);
    to.from.push(from);
  }

  account(row) {
    const made = this.node(`account ${row}`, {
      label: names.account(row), small: `${accounts.source(row)}, ${accounts.status(row)}`, href: address("account", accounts.id(row)), kind: "account",
    });
    const person = accounts.person(row);
    if (person !== null) {
      this.edge(this.node(`person ${person}`, {
        label: names.person(person), small: people.department(person) ?? NO_DEPARTMENT, href: address("person", people.id(person)), kind: "person",
      }), made);
    }
    return made;
  }

  entitlement(row) {
    const privileged = entitlements.privileged(row) === true;
    return this.node(`entitlement ${row}`, {
      label: names.entitlement(row), small: `${entitlements.type(row)}${privileged ? ", privileged" : ""}, ${entitlements.source(row)}`,
      href: address("resource", entitlements.resource(row)), kind: privileged ? "entitlement privileged" : "entitlement",
    });
  }

  // Draw every path from an account to one of its entitlements
  trace(account, entitlement, held, seen = new Set()) {
    const node = this.entitlement(entitlement);
    if (seen.has(entitlement)) return node;
    seen.add(entitlement);
    const rows = held.get(entitlement) ?? [];
    if (rows.some(grants.direct)) this.edge(this.account(account), node);
    const parents = (givenBy.get(entitlement) ?? []).map((row) => data.implications.held[row]).filter((parent) => gives(parent, held));
    const reached = new Set(parents.flatMap((parent) => [...above(parent, held)]));
    const origins = rows.flatMap((row) => grants.origins(row) ?? []).map((id) => places.entitlement.get(id));
    for (const parent of new Set([...parents, ...origins.filter((origin) => origin !== undefined && !reached.has(origin))])) {
      this.edge(this.trace(account, parent, held, seen), node);
    }
    if (!node.from.length) this.edge(this.account(account), node, true); // nobody says through what
    return node;
  }
}

// Only what is held everywhere, and not in one place only, gives anything else
const gives = (entitlement, held) => (held.get(entitlement) ?? []).some((row) => grants.scope(row) === null);

// An entitlement and all held ones that lead to it
function above(entitlement, held, found = new Set()) {
  if (found.has(entitlement)) return found;
  found.add(entitlement);
  for (const row of givenBy.get(entitlement) ?? []) {
    const parent = data.implications.held[row];
    if (gives(parent, held)) above(parent, held, found);
  }
  return found;
}

const heldBy = (account) => groupRows(grantsOfAccount.get(account) ?? [], grants.entitlement);

// The level of a node is the length of the longest way to it; a circle of groups is cut where a walk
// comes back to it
function setLevels(drawing) {
  const done = [], state = new Map();
  const cut = new Set();
  const visit = (node) => {
    state.set(node, "open");
    for (const next of node.to) {
      if (!state.has(next)) visit(next);
      else if (state.get(next) === "open") cut.add(`${node.key}>${next.key}`);
    }
    state.set(node, "done");
    done.unshift(node);
  };
  const nodes = [...drawing.nodes.values()];
  for (const node of nodes) {
    node.level = node.kind === "account" ? 1 : 0;
    if (!node.from.length) visit(node);
  }
  for (const node of nodes) if (!state.has(node)) visit(node);
  for (const node of done) {
    for (const next of node.to) if (!cut.has(`${node.key}>${next.key}`)) next.level = Math.max(next.level, node.level + 1);
  }
}

function placeWide(drawing, width) {
  const columns = [...groupRows([...drawing.nodes.values()], (node) => node.level)].sort(([one], [other]) => one - other).map(([, nodes]) => nodes);
  const gap = width < 1000 ? 26 : 46;
  const across = Math.max(118, Math.min(250, (width - 36 - gap * (columns.length - 1)) / columns.length));
  const tallest = Math.max(...columns.map((nodes) => nodes.length));
  const mean = (nodes, other) => (nodes.length ? nodes.reduce((sum, node) => sum + node.place, 0) / nodes.length : other);
  const spread = (nodes) => nodes.forEach((node, place) => { node.place = place + (tallest - nodes.length) / 2; });
  columns.forEach(spread);
  for (let round = 0; round < 4; round += 1) {
    const order = round % 2 ? [...columns].reverse() : columns;
    for (const nodes of order) {
      const wanted = new Map(nodes.map((node) => [node, mean(round % 2 ? node.to : node.from, node.place)]));
      nodes.sort((one, other) => wanted.get(one) - wanted.get(other));
      spread(nodes);
    }
  }
  align(columns, tallest, mean);
  columns.forEach((nodes, column) => nodes.forEach((node) => {
    Object.assign(node, { x: 16 + column * (across + gap), y: 14 + node.place * ROW, width: across });
  }));
  const line = ({ from, to }) => {
    const [x1, y1, x2, y2] = [from.x + from.width, from.y + NODE / 2, to.x, to.y + NODE / 2];
    const bend = Math.max(gap / 2, (x2 - x1) / 2);
    return `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
  };
  return { width: 32 + columns.length * across + (columns.length - 1) * gap, height: 28 + tallest * ROW - (ROW - NODE), line };
}

// Put each node beside what it is joined to, from the tallest column outwards, without overlaps
function align(columns, tallest, mean) {
  const middle = columns.findIndex((nodes) => nodes.length === tallest);
  const side = (column) => (column < middle ? "to" : "from");
  const outwards = [...columns.keys()].sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
  for (const column of outwards.slice(1)) {
    const nodes = columns[column];
    for (const node of nodes) node.place = mean(node[side(column)], node.place);
    nodes.sort((one, other) => one.place - other.place);
    nodes.forEach((node, at) => { node.place = Math.max(node.place, at ? nodes[at - 1].place + 1 : 0); });
    for (let at = nodes.length - 1; at >= 0; at -= 1) {
      nodes[at].place = Math.min(nodes[at].place, at === nodes.length - 1 ? tallest - 1 : nodes[at + 1].place - 1);
    }
  }
}

// A tree from the end that has fewer nodes: from the person down, or from the resource down
function placeNarrow(drawing, width) {
  const nodes = [...drawing.nodes.values()];
  const [roots, ends] = ["from", "to"].map((side) => nodes.filter((node) => !node[side].length));
  drawing.isUpward = ends.length < roots.length;
  const next = drawing.isUpward ? "from" : "to";
  let row = 0;
  const put = (node, depth) => {
    if (node.placed) return;
    Object.assign(node, { placed: true, x: 8 + depth * 20, y: 10 + row * ROW, width: width - 18 - depth * 20 });
    row += 1;
    for (const one of node[next]) put(one, depth + 1);
  };
  for (const node of drawing.isUpward ? ends : roots) put(node, 0);
  for (const node of nodes) put(node, 0); // circles
  const line = ({ from, to }) => {
    const [above, below] = drawing.isUpward ? [to, from] : [from, to];
    return `M${above.x + 8},${above.y + NODE / 2}V${below.y + NODE / 2}H${below.x}`;
  };
  return { width, height: 20 + row * ROW, line };
}

const SVG = "http://www.w3.org/2000/svg";
function paint(drawing, host) {
  const width = host.clientWidth || 900;
  setLevels(drawing);
  for (const node of drawing.nodes.values()) node.placed = false;
  const { width: across, height, line } = width < NARROW ? placeNarrow(drawing, width) : placeWide(drawing, width);
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width: across, height, "aria-hidden": "true" })) svg.setAttribute(name, value);
  const canvas = element("div", { className: "canvas" }, svg);
  Object.assign(canvas.style, { width: `${across}px`, height: `${height}px` });
  for (const edge of drawing.edges.values()) {
    edge.path = document.createElementNS(SVG, "path");
    edge.path.setAttribute("d", line(edge));
    if (edge.unknown) edge.path.setAttribute("stroke-dasharray", "3 4");
    svg.append(edge.path);
  }
  const way = (node, side, found) => {
    if (!found.has(node)) { found.add(node); node[side].forEach((next) => way(next, side, found)); }
    return found;
  };
  const light = (node) => {
    const lit = node ? new Set([...way(node, "from", new Set()), ...way(node, "to", new Set())]) : new Set();
    for (const { from, to, path } of drawing.edges.values()) path.classList.toggle("lit", lit.has(from) && lit.has(to));
    for (const one of drawing.nodes.values()) one.shown.classList.toggle("lit", lit.has(one));
  };
  const inOrder = [...drawing.nodes.values()].sort(width < NARROW
    ? (one, other) => one.y - other.y : (one, other) => one.level - other.level || one.y - other.y);
  for (const node of inOrder) {
    const before = node.from.slice(0, 3).map((from) => from.label);
    if (node.from.length > 3) before.push(`${node.from.length - 3} more`);
    const through = before.length > 0 && `, through ${before.join(" and ")}`;
    node.shown = element("a", {
      className: `node ${node.kind}`, href: node.href, title: `${node.label} (${node.small})`,
      onmouseenter: () => light(node), onmouseleave: () => light(null), onfocus: () => light(node), onblur: () => light(null),
    }, outside(node.label), outside(node.small, { className: "small" }), through && element("span", { className: "quiet-label" }, through));
    Object.assign(node.shown.style, { left: `${node.x}px`, top: `${node.y}px`, width: `${node.width}px` });
    canvas.append(node.shown);
  }
  host.replaceChildren(canvas);
  byId("drawing-direction").hidden = !(width < NARROW && drawing.isUpward);
}

// Draw the paths of these grants, privileged ones first where they are too many to be read
function drawPaths(rows, host, note, what) {
  const drawing = new Drawing();
  const weight = (row) => (entitlements.privileged(grants.entitlement(row)) === true ? 0 : 2) + (grants.inherited(row) ? 0 : 1);
  const ends = [...groupRows(rows, (row) => `${grants.account(row)} ${grants.entitlement(row)}`).values()].map(([row]) => row);
  const drawn = ends.length > DRAWN ? ends.map((row) => [weight(row), row]).sort(([one], [other]) => one - other).slice(0, DRAWN).map(([, row]) => row) : ends;
  for (const [account, ofAccount] of groupRows(drawn, grants.account)) {
    const held = heldBy(account);
    for (const row of ofAccount) drawing.trace(account, grants.entitlement(row), held);
  }
  const unknown = [...drawing.edges.values()].some((edge) => edge.unknown);
  note.textContent = ends.length ? [
    drawn.length < ends.length && `${drawn.length} of ${ends.length.toLocaleString("en")} ${what} are drawn, privileged and inherited ones first. The table below has all.`,
    "The steps are the person, the accounts, what they were given, and what that gives.",
    unknown && "A dashed line: no system says through what the access came.",
  ].filter(Boolean).join(" ") : "Too little to draw: there is no access.";
  host.hidden = !ends.length;
  if (!ends.length) return;
  paint(drawing, host);
  drawing.width = host.clientWidth;
  window.onresize = () => {
    if (host.clientWidth && host.clientWidth !== drawing.width) { drawing.width = host.clientWidth; paint(drawing, host); }
  };
}
