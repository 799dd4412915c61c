// The plan on screen: a canvas that draws up to 80,000 places, selects them in every way and tells what changed.
// It decides nothing: what is selected goes to the server as it is meant (rows, zones, a lasso), and the server's answer
// is drawn. Small seats are painted pixel by pixel, large ones as stamps made once per look; both stay smooth.
"use strict";

const PIXELS_BELOW = 3.2; // seats with a smaller radius (in pixels) are painted as squares
const CELL = 64; // the side of a grid cell, in seat radii
const LASSO_STEP = 4; // pixels between two corners of a lasso

class PlanView {
  // `states`: the letter of each in a picture, its name, what it is called on the page.
  constructor(canvas, picture, states) {
    this.canvas = canvas;
    this.states = states;
    this.letters = new Map(states.map((each, at) => [each.letter, at]));
    [this.free, this.invalid] = ["free", "invalid"].map((name) => states.findIndex((each) => each.name === name));
    this.context = canvas.getContext("2d", { alpha: false });
    this.by = "category";
    this.tool = "seats";
    this.selected = new Set();
    this.hidden = new Set();
    this.lasso = null;
    this.stamps = new Map();
    this.frames = [];
    this.waiting = false;
    this.onselect = () => {};
    this.onhover = () => {};
    this.take(picture);
    this.listen();
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
    this.fit();
  }

  // --- what is drawn ---------------------------------------------------------------------------------------------------

  // A picture as the server packs it: steps between neighbours in tenths of a unit, rows as (zone, name, how many seats).
  take(picture) {
    this.picture = picture;
    const count = picture.states.length;
    this.count = count;
    this.x = new Float32Array(count);
    this.y = new Float32Array(count);
    let [x, y] = [0, 0];
    for (let at = 0; at < count; at++) {
      this.x[at] = (x += picture.steps_x[at]) / 10;
      this.y[at] = (y += picture.steps_y[at]) / 10;
    }
    const column = (values) => (values.length ? Int16Array.from(values) : new Int16Array(count).fill(-1));
    this.category = column(picture.category);
    this.contingent = column(picture.contingent);
    this.state = Uint8Array.from(picture.states, (letter) => this.letters.get(letter));
    this.row = new Int32Array(count);
    this.rows = new Map();
    let from = 0;
    picture.rows.forEach(([, , seats], row) => {
      this.row.fill(row, from, from + seats);
      this.rows.set(row, Array.from({ length: seats }, (_, at) => from + at));
      from += seats;
    });
    this.named = null;
    this.radius = this.spacing() * 0.42;
    for (const at of this.selected) if (at >= count) this.selected.delete(at);
    this.index();
    this.palette();
  }

  // The usual distance between neighbours: the middle one of those within rows.
  spacing() {
    const found = [];
    for (let at = 1; at < this.count && found.length < 4000; at++) {
      if (this.row[at] === this.row[at - 1]) found.push(Math.hypot(this.x[at] - this.x[at - 1], this.y[at] - this.y[at - 1]));
    }
    found.sort((one, other) => one - other);
    return found[found.length >> 1] || 25;
  }

  index() {
    const cell = this.radius * CELL;
    this.cells = new Map();
    this.bounds = { left: 0, top: 0, right: this.picture.width || 1, bottom: this.picture.height || 1 };
    for (let at = 0; at < this.count; at++) {
      const key = Math.floor(this.x[at] / cell) + ":" + Math.floor(this.y[at] / cell);
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(at);
      this.bounds.left = Math.min(this.bounds.left, this.x[at] - this.radius);
      this.bounds.top = Math.min(this.bounds.top, this.y[at] - this.radius);
      this.bounds.right = Math.max(this.bounds.right, this.x[at] + this.radius);
      this.bounds.bottom = Math.max(this.bounds.bottom, this.y[at] + this.radius);
    }
  }

  palette() {
    const style = getComputedStyle(document.documentElement);
    const named = (name) => style.getPropertyValue(name).trim();
    this.ground = named("--hall") || "#14111c";
    this.ink = named("--hall-ink") || "#faf7f2";
    this.mute = named("--hall-muted") || "#cfc6dc";
    this.accent = named("--accent") || "#d9482b";
    const of = (list) => list.map((each) => each.colour || this.mute);
    this.colours = { category: of(this.picture.categories), contingent: of(this.picture.contingents) };
    this.stamps.clear();
    this.pixels = null;
  }

  colour(at) {
    const kind = this.by === "category" ? this.category[at] : this.contingent[at];
    return kind < 0 ? this.mute : this.colours[this.by][kind];
  }

  // [position, category id, contingent id, letter] of each seat that changed; false if it names what is not known here.
  change(seats) {
    const index = (list) => new Map(list.map((each, at) => [each.id, at]));
    const [categories, contingents] = [index(this.picture.categories), index(this.picture.contingents)];
    for (const [, category, contingent] of seats) {
      if ((category && !categories.has(category)) || (contingent && !contingents.has(contingent))) return false;
    }
    for (const [at, category, contingent, letter] of seats) {
      this.category[at] = category ? categories.get(category) : -1;
      this.contingent[at] = contingent ? contingents.get(contingent) : -1;
      this.state[at] = this.letters.get(letter);
    }
    this.draw();
    return true;
  }

  // `A12`; after a row that ends with a digit `3-12`: as `row_and_number` in central/venues/seat_names.py.
  nameOf(at) {
    const row = this.picture.rows[this.row[at]][1];
    return row + (/[0-9]$/.test(row) ? "-" : "") + this.picture.numbers[at];
  }

  // What is selected as people say it, `A1–A6, B1–B6`: as central/venues/seat_names.py does, a test holds the two together.
  said(most = 12) {
    const stretches = [];
    for (const at of [...this.selected].sort((a, b) => a - b)) {
      const last = stretches[stretches.length - 1];
      if (last && at === last[1] + 1 && this.row[at] === this.row[last[1]]) last[1] = at;
      else stretches.push([at, at]);
    }
    const name = (at) => this.nameOf(at);
    let zone = "";
    const texts = stretches.slice(0, most).map(([first, last]) => {
      const text = first === last ? name(first) : `${name(first)}–${name(last)}`;
      const own = this.picture.zones[this.picture.rows[this.row[first]][0]].name;
      const told = own === zone ? text : `${own} ${text}`;
      zone = own;
      return told;
    });
    return texts.join(", ") + (stretches.length > most ? " …" : "");
  }

  // Seats of that name, `A12` or `3-12`, with or without their zone; or else whole rows of it.
  find(text) {
    const wanted = plainly(text);
    if (!wanted) return [];
    if (!this.named) {
      this.named = new Map();
      const note = (name, at) => { const key = plainly(name); if (!this.named.has(key)) this.named.set(key, []); this.named.get(key).push(at); };
      for (let at = 0; at < this.count; at++) {
        const zone = this.picture.zones[this.picture.rows[this.row[at]][0]].name;
        note(this.nameOf(at), at);
        note(`${zone} ${this.nameOf(at)}`, at);
      }
    }
    const seats = this.named.get(wanted);
    if (seats) return seats;
    const rows = [...this.rows.keys()].filter((row) => {
      const [zone, name] = this.picture.rows[row];
      return [name, `${this.picture.zones[zone].name} ${name}`].some((each) => plainly(each) === wanted);
    });
    return rows.flatMap((row) => this.rows.get(row));
  }

  // They are brought to the middle, as large as they can be read.
  show(seats) {
    if (!seats.length) return;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const at of seats) {  // a whole stadium is more than a call takes arguments
      left = Math.min(left, this.x[at]);
      right = Math.max(right, this.x[at]);
      top = Math.min(top, this.y[at]);
      bottom = Math.max(bottom, this.y[at]);
    }
    const room = this.radius * 8;
    const { width, height } = this.canvas;
    this.scale = Math.min(width / (right - left + room), height / (bottom - top + room), 16 * (this.density || 1) / this.radius);
    this.left = (left + right) / 2 - width / this.scale / 2;
    this.top = (top + bottom) / 2 - height / this.scale / 2;
    this.draw();
  }

  // On paper the ground is white, the whole hall is seen, and what is chosen stays marked.
  print(on) {
    const kept = ["left", "top", "scale", "smallest"];
    if (on) {
      this.before = Object.fromEntries(kept.map((name) => [name, this[name]]));
      Object.assign(this, { ground: "#ffffff", ink: "#14111c", mute: "#6f6878" });
      this.stamps.clear();
      this.fit();
    } else if (this.before) {
      Object.assign(this, this.before);
      this.before = null;
      this.palette();
    }
    this.paint();
  }

  // --- where it is looked at ---------------------------------------------------------------------------------------------

  resize() {
    if (this.before) return; // the paper's measures are not the screen's
    const box = this.canvas.getBoundingClientRect();
    const density = window.devicePixelRatio || 1;
    const [width, height] = [Math.max(1, Math.round(box.width * density)), Math.max(1, Math.round(box.height * density))];
    if (width === this.canvas.width && height === this.canvas.height) return;
    const first = !this.sized;
    this.canvas.width = width;
    this.canvas.height = height;
    this.density = density;
    this.sized = true;
    if (first) this.fit();
    this.draw();
  }

  fit() {
    const { left, top, right, bottom } = this.bounds;
    const [width, height] = [this.canvas.width, this.canvas.height];
    this.scale = Math.min(width / (right - left), height / (bottom - top)) * 0.94;
    this.left = (left + right) / 2 - width / this.scale / 2;
    this.top = (top + bottom) / 2 - height / this.scale / 2;
    this.smallest = this.scale * 0.5;
    this.draw();
  }

  zoom(factor, px = this.canvas.width / 2, py = this.canvas.height / 2) {
    const before = this.scale;
    this.scale = Math.min(Math.max(before * factor, this.smallest), 40 / this.radius * (this.density || 1));
    this.left += px / before - px / this.scale;
    this.top += py / before - py / this.scale;
    this.draw();
  }

  pan(dx, dy) {
    this.left -= dx / this.scale;
    this.top -= dy / this.scale;
    this.draw();
  }

  // --- drawing -------------------------------------------------------------------------------------------------------------

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      const began = performance.now();
      this.paint();
      this.frames.push(performance.now() - began);
      if (this.frames.length > 600) this.frames.shift();
      this.canvas.dataset.drawn = String(Number(this.canvas.dataset.drawn || 0) + 1);
    });
  }

  paint() {
    const { context, canvas, scale } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.paintShapes();
    const radius = this.radius * scale;
    if (radius < PIXELS_BELOW) this.paintPixels(radius);
    else this.paintStamps(radius);
    this.paintRows(radius);
    if (this.lasso) this.paintLasso();
  }

  paintShapes() {
    const { context, scale } = this;
    context.setTransform(scale, 0, 0, scale, -this.left * scale, -this.top * scale);
    for (const shape of this.picture.shapes) {
      if (!shape.points.length) continue;
      const middle = [0, 1].map((way) => shape.points.reduce((sum, point) => sum + point[way], 0) / shape.points.length);
      context.beginPath();
      if (shape.kind === "circle") context.arc(...shape.points[0], shape.radius, 0, 2 * Math.PI);
      else if (shape.kind !== "text") shape.points.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.closePath();
      context.fillStyle = /^#[0-9a-f]{6}$/i.test(shape.colour) ? shape.colour : "#4a4458";
      if (shape.kind !== "text") context.fill();
      if (!shape.text) continue;
      context.save();
      context.translate(...middle);
      context.rotate(shape.turn * Math.PI / 180);
      context.fillStyle = shape.kind === "text" ? this.ink : ink(context.fillStyle);
      context.font = `${shape.size}px "Parterre Sans", sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(shape.text, 0, 0);
      context.restore();
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  paintPixels(radius) {
    const { canvas, scale } = this;
    const image = this.context.getImageData(0, 0, canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const side = Math.max(1, Math.round(radius * 1.7));
    const [width, height] = [canvas.width, canvas.height];
    const kinds = this.by === "category" ? this.category : this.contingent;
    const packed = this.colours[this.by].map(pack);
    const [mute, picked] = [pack(this.mute), pack(this.accent)];
    const dim = packed.map((value) => mix(value, pack(this.ground), 0.35));
    for (let at = 0; at < this.count; at++) {
      const state = this.state[at];
      if (state === this.invalid && !this.selected.has(at)) continue; // absent
      const px = Math.round((this.x[at] - this.left) * scale - side / 2);
      const py = Math.round((this.y[at] - this.top) * scale - side / 2);
      if (px < 0 || py < 0 || px + side >= width || py + side >= height) continue;
      const kind = kinds[at];
      const colour = this.selected.has(at) ? picked : kind < 0 ? mute : state === this.free ? packed[kind] : dim[kind];
      for (let line = 0; line < side; line++) {
        const from = (py + line) * width + px;
        for (let dot = 0; dot < side; dot++) pixels[from + dot] = colour;
      }
    }
    this.context.putImageData(image, 0, 0);
  }

  paintStamps(radius) {
    const { context, canvas, scale } = this;
    const size = Math.ceil(radius * 2 + 4);
    const cell = this.radius * CELL;
    const across = [Math.floor(this.left / cell) - 1, Math.floor((this.left + canvas.width / scale) / cell) + 1];
    const down = [Math.floor(this.top / cell) - 1, Math.floor((this.top + canvas.height / scale) / cell) + 1];
    const numbers = radius > 11 * (this.density || 1);
    context.font = `${Math.round(radius * 0.8)}px "Parterre Sans", sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let column = across[0]; column <= across[1]; column++) {
      for (let line = down[0]; line <= down[1]; line++) {
        for (const at of this.cells.get(column + ":" + line) || []) {
          const px = (this.x[at] - this.left) * scale;
          const py = (this.y[at] - this.top) * scale;
          if (px < -size || py < -size || px > canvas.width + size || py > canvas.height + size) continue;
          const picked = this.selected.has(at);
          context.drawImage(this.stamp(this.colour(at), this.state[at], picked, radius, size), px - size / 2, py - size / 2);
          if (numbers && this.state[at] === this.free && this.picture.numbers) {
            context.fillStyle = ink(this.colour(at));
            context.fillText(this.picture.numbers[at], px, py);
          }
        }
      }
    }
  }

  // The name of each row beyond both its ends: where it can be read; of a row that goes on outside at the edge.
  paintRows(radius) {
    const { context, canvas, scale } = this;
    const density = this.density || 1;
    const size = Math.min(radius * 1.5, 15 * density);
    if (size < 8 * density) return;
    context.font = `600 ${Math.round(size)}px "Parterre Sans", sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const place = (at) => [(this.x[at] - this.left) * scale, (this.y[at] - this.top) * scale];
    const seen = ([px, py]) => px > 0 && py > 0 && px < canvas.width && py < canvas.height;
    const names = [];
    this.picture.rows.forEach(([, name], row) => {
      const seats = this.rows.get(row);
      for (const way of [1, -1]) {
        const from = way > 0 ? 0 : seats.length - 1;
        let n = from;
        while (n >= 0 && n < seats.length && !seen(place(seats[n]))) n += way;
        if (!seats[n] && seats[n] !== 0) return;
        const [px, py] = place(seats[n]);
        const next = seats[n + way] ?? seats[n - way];
        const [nx, ny] = next === undefined ? [px + way, py] : place(next);
        const turn = seats[n + way] === undefined ? -1 : 1;
        const far = Math.hypot(nx - px, ny - py) || 1;
        const [dx, dy] = [turn * (px - nx) / far, turn * (py - ny) / far];
        const off = n === from ? radius + size * 0.75 : 0;
        const inside = (value, most) => Math.min(Math.max(value, size * 0.7), most - size * 0.7);
        names.push([name, inside(px + dx * off, canvas.width), inside(py + dy * off, canvas.height), n !== from]);
      }
    });
    for (const [name, px, py, over] of names) {
      if (over) {
        context.fillStyle = this.ground;
        context.beginPath(); context.arc(px, py, size * 0.75, 0, 2 * Math.PI); context.fill();
      }
      context.fillStyle = this.ink;
      context.fillText(name, px, py);
    }
    this.lettered = names.length;
  }

  stamp(colour, state, picked, radius, size) {
    const key = `${colour}/${state}/${picked}/${size}`;
    let made = this.stamps.get(key);
    if (made) return made;
    if (this.stamps.size > 600) this.stamps.clear();
    made = document.createElement("canvas");
    made.width = made.height = size;
    const to = made.getContext("2d");
    const middle = size / 2;
    const inner = Math.max(1, radius * 0.82);
    const disc = (r) => { to.beginPath(); to.arc(middle, middle, r, 0, 2 * Math.PI); };
    to.strokeStyle = to.fillStyle = colour;
    to.lineWidth = Math.max(1, radius / 5);
    const { name } = this.states[state];
    if (name === "free") { disc(inner); to.fill(); }
    if (name === "held") { disc(inner * 0.9); to.stroke(); to.beginPath(); to.arc(middle, middle, inner, Math.PI / 2, -Math.PI / 2); to.fill(); }
    if (name === "sold") { disc(inner * 0.88); to.stroke(); }
    if (name === "leased") { disc(inner * 0.5); to.fill(); disc(inner * 0.92); to.stroke(); }
    if (name === "optioned") { to.beginPath(); to.moveTo(middle, middle - inner); to.lineTo(middle + inner, middle); to.lineTo(middle, middle + inner); to.lineTo(middle - inner, middle); to.closePath(); to.stroke(); }
    if (name === "blocked") {
      disc(inner * 0.88); to.stroke();
      const arm = inner * 0.55;
      to.beginPath(); to.moveTo(middle - arm, middle - arm); to.lineTo(middle + arm, middle + arm);
      to.moveTo(middle + arm, middle - arm); to.lineTo(middle - arm, middle + arm); to.stroke();
    }
    if (name === "invalid") { to.setLineDash([2, 3]); to.lineWidth = 1; to.strokeStyle = this.mute; disc(inner * 0.7); to.stroke(); to.setLineDash([]); }
    if (picked) { to.strokeStyle = this.accent; to.lineWidth = Math.max(2, radius / 3.5); disc(radius); to.stroke(); }
    this.stamps.set(key, made);
    return made;
  }

  paintLasso() {
    const { context } = this;
    context.strokeStyle = this.accent;
    context.fillStyle = this.accent + "22";
    context.lineWidth = 2 * (this.density || 1);
    context.beginPath();
    this.lasso.forEach(([x, y], at) => {
      const [px, py] = [(x - this.left) * this.scale, (y - this.top) * this.scale];
      at ? context.lineTo(px, py) : context.moveTo(px, py);
    });
    context.closePath();
    context.fill();
    context.stroke();
  }

  // --- selecting -----------------------------------------------------------------------------------------------------------

  under(px, py) {
    const [x, y] = [px / this.scale + this.left, py / this.scale + this.top];
    const cell = this.radius * CELL;
    const reach = Math.max(this.radius, 8 * (this.density || 1) / this.scale);
    let [best, near] = [-1, reach * reach];
    for (let column = Math.floor((x - reach) / cell); column <= Math.floor((x + reach) / cell); column++) {
      for (let line = Math.floor((y - reach) / cell); line <= Math.floor((y + reach) / cell); line++) {
        for (const at of this.cells.get(column + ":" + line) || []) {
          const far = (this.x[at] - x) ** 2 + (this.y[at] - y) ** 2;
          if (far < near) [best, near] = [at, far];
        }
      }
    }
    return best;
  }

  pick(seats, add) {
    if (!add) this.selected.clear();
    const all = add && seats.length && seats.every((at) => this.selected.has(at));
    for (const at of seats) all ? this.selected.delete(at) : this.selected.add(at);
    this.draw();
    this.onselect();
  }

  around(at) {
    if (this.tool === "rows") return this.rows.get(this.row[at]);
    if (this.tool === "zones") return this.of((other) => this.picture.rows[this.row[other]][0] === this.picture.rows[this.row[at]][0]);
    return [at];
  }

  of(meant) {
    const found = [];
    for (let at = 0; at < this.count; at++) if (meant(at)) found.push(at);
    return found;
  }

  within(corners) {
    return this.of((at) => {
      let inside = false;
      for (let one = 0, other = corners.length - 1; one < corners.length; other = one++) {
        const [x1, y1] = corners[one], [x2, y2] = corners[other];
        if ((y1 > this.y[at]) !== (y2 > this.y[at]) && this.x[at] < (x2 - x1) * (this.y[at] - y1) / (y2 - y1) + x1) inside = !inside;
      }
      return inside;
    });
  }

  runs() {
    const found = [];
    for (const at of [...this.selected].sort((a, b) => a - b)) {
      const last = found[found.length - 1];
      if (last && at === last[0] + last[1]) last[1]++;
      else found.push([at, 1]);
    }
    return found;
  }

  listen() {
    const { canvas } = this;
    const at = (event) => [event.offsetX * (this.density || 1), event.offsetY * (this.density || 1)];
    const held = new Map();
    let moved = 0, pinch = 0;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, at(event));
      moved = 0;
      if (held.size === 2) { const [a, b] = [...held.values()]; pinch = Math.hypot(a[0] - b[0], a[1] - b[1]); this.lasso = null; }
      else if (this.tool === "lasso" && event.button === 0) this.lasso = [this.point(at(event))];
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = at(event);
      const before = held.get(event.pointerId);
      if (!before) { this.onhover(this.under(...now), event.offsetX, event.offsetY); return; }
      held.set(event.pointerId, now);
      moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      if (held.size === 2) {
        const [a, b] = [...held.values()];
        const far = Math.hypot(a[0] - b[0], a[1] - b[1]);
        if (pinch) this.zoom(far / pinch, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
        pinch = far;
      } else if (this.lasso) {
        const last = this.lasso[this.lasso.length - 1];
        const next = this.point(now);
        if (Math.hypot(next[0] - last[0], next[1] - last[1]) * this.scale > LASSO_STEP) { this.lasso.push(next); this.draw(); }
      } else this.pan(now[0] - before[0], now[1] - before[1]);
    });
    const up = (event) => {
      const last = held.get(event.pointerId);
      if (!held.delete(event.pointerId)) return;
      if (this.lasso) {
        const corners = this.lasso;
        this.lasso = null;
        if (corners.length > 2) this.pick(this.within(corners), event.shiftKey);
        else this.draw();
      } else if (moved < 5 * (this.density || 1) && event.type === "pointerup") {
        const seat = this.under(...last);
        if (seat >= 0) this.pick(this.around(seat), event.shiftKey || this.tool === "seats");
        else if (!event.shiftKey) this.pick([], false);
      }
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.onhover(-1));
    canvas.addEventListener("keydown", (event) => {
      const step = 60 * (this.density || 1);
      const act = {
        ArrowLeft: () => this.pan(step, 0), ArrowRight: () => this.pan(-step, 0), ArrowUp: () => this.pan(0, step),
        ArrowDown: () => this.pan(0, -step), "+": () => this.zoom(1.3), "=": () => this.zoom(1.3), "-": () => this.zoom(1 / 1.3),
        0: () => this.fit(), Escape: () => this.pick([], false),
      }[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.palette(); this.draw(); });
  }

  point([px, py]) {
    return [Math.round(px / this.scale + this.left), Math.round(py / this.scale + this.top)];
  }
}

// A name as it is compared: without accents, spaces and capitals; a stroke counts between digits only.
function plainly(name) {
  return name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim().replace(/[‐-―]/g, "-")
    .replace(/([0-9])\s+(?=[0-9])/g, "$1-").replace(/\s+/g, "").replace(/-(?![0-9])/g, "").replace(/(^|[^0-9])-/g, "$1");
}

function rgb(colour) {
  const value = parseInt(colour.slice(1, 7), 16) || 0;
  return [value >> 16 & 255, value >> 8 & 255, value & 255];
}

function pack(colour) {
  const [red, green, blue] = rgb(colour);
  return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
}

function mix(one, other, share) {
  const part = (shift) => Math.round((one >> shift & 255) * share + (other >> shift & 255) * (1 - share)) << shift;
  return (255 << 24 | part(16) | part(8) | part(0)) >>> 0;
}

function ink(colour) {
  const [red, green, blue] = rgb(colour);
  return red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? "#14111c" : "#ffffff";
}

window.PlanView = PlanView;
