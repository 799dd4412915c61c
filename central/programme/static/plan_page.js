// The plan's page around its canvas: tools, legend, actions, live changes. Words come from the page.
"use strict";

document.addEventListener("DOMContentLoaded", async () => {
  const page = document.querySelector("[data-plan]");
  if (!page) return;
  const one = (what) => page.querySelector(what);
  const config = JSON.parse(one("[data-config]").textContent);
  const words = config.words;
  const canvas = one("[data-canvas]");
  const began = performance.now();

  const fetched = await fetch(config.picture, { headers: { Accept: "application/json" } });
  if (!fetched.ok) { one("[data-wait]").textContent = words.lost; return; }
  const view = new PlanView(canvas, await fetched.json(), config.states);
  window.plan = view;
  one("[data-wait]").hidden = true;
  requestAnimationFrame(() => requestAnimationFrame(() => { canvas.dataset.first = String(Math.round(performance.now() - began)); }));

  // --- tools -----------------------------------------------------------------------------------------------------------
  const radio = (name, act) => page.querySelectorAll(`[data-${name}]`).forEach((button) => button.addEventListener("click", () => {
    page.querySelectorAll(`[data-${name}]`).forEach((each) => each.setAttribute("aria-checked", String(each === button)));
    act(button.dataset[name]);
  }));
  radio("tool", (tool) => { view.tool = tool; canvas.classList.toggle("crossed", tool === "lasso"); });
  radio("by", (by) => { view.by = by; view.draw(); paint(); });
  page.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () => view.zoom(Number(button.dataset.zoom))));
  one("[data-fit]").addEventListener("click", () => view.fit());
  one("[data-all]").addEventListener("click", () => view.pick(view.of(() => true), false));
  one("[data-none]").addEventListener("click", () => view.pick([], false));

  one("[data-search]").addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = new FormData(event.target).get("seat");
    const seats = view.find(asked);
    view.pick(seats, false);
    view.show(seats);
    if (asked.trim() && !seats.length) chosen.textContent = words.unknown.replace("{name}", asked.trim());
  });
  one("[data-print]").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => view.print(true));
  window.addEventListener("afterprint", () => view.print(false));

  // --- what is selected --------------------------------------------------------------------------------------------------
  const named = (each) => each.names[config.language] || Object.values(each.names)[0] || each.code;
  const chosen = one("[data-chosen]");
  view.onselect = () => {
    const kinds = new Map();
    for (const at of view.selected) {
      const kind = view.category[at] < 0 ? words.none : named(view.picture.categories[view.category[at]]);
      kinds.set(kind, (kinds.get(kind) || 0) + 1);
    }
    const parts = [...kinds].map(([kind, count]) => words.pair.replace("{what}", kind).replace("{name}", count));
    verb();
    if (view.selected.size) said.textContent = said.className = ""; // it was about what was chosen before
    chosen.textContent = view.selected.size ? `${words.places.replace("{n}", view.selected.size)} — ${view.said()} — ${parts.join(", ")}` : words.nothing;
  };
  // The button says what it does, and to which places.
  const verb = () => {
    const button = one("[data-do]"), act = one("[data-act]");
    if (button && act) button.textContent = (words.do[act.value] || button.textContent).replace("{places}", view.selected.size ? view.said() : words.chosen);
  };
  const tip = one("[data-tip]");
  view.onhover = (at, x, y) => {
    tip.hidden = at < 0;
    if (at < 0) return;
    const [zone, row] = view.picture.rows[view.row[at]];
    const contingent = view.contingent[at] < 0 ? words.outside : named(view.picture.contingents[view.contingent[at]]);
    const category = view.category[at] < 0 ? words.none : named(view.picture.categories[view.category[at]]);
    tip.textContent = `${view.picture.zones[zone].name} · ${row} · ${view.picture.numbers[at]} — ${category}, ${contingent}, ${config.states[view.state[at]].said}`;
    tip.style.left = `${Math.min(x + 14, canvas.clientWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = `${Math.max(4, y - tip.offsetHeight - 8)}px`;
  };
  page.addEventListener("click", (event) => {
    const kind = event.target.closest("[data-pick-category]");
    if (!kind) return;
    const index = (list, id) => list.findIndex((each) => each.id === id);
    const category = index(view.picture.categories, kind.dataset.pickCategory);
    const contingent = index(view.picture.contingents, kind.dataset.pickContingent);
    view.pick(view.of((at) => view.category[at] === category && view.contingent[at] === contingent), event.shiftKey);
  });

  // --- acting ------------------------------------------------------------------------------------------------------------
  const form = one("[data-acts]");
  const act = one("[data-act]");
  const fields = () => {
    const wanted = config.acts[act.value] || [];
    form.querySelectorAll("[data-for]").forEach((each) => { each.hidden = !wanted.includes(each.dataset.for); });
    const needs = config.needs[act.value] || [];
    form.querySelectorAll("[data-needed]").forEach((each) => {
      const needed = needs.includes(each.dataset.needed);
      each.hidden = !needed;
      form.elements[each.dataset.needed].setAttribute("aria-required", needed);  // what is missing, the answer says
    });
    verb();
  };
  if (act) { act.addEventListener("change", fields); fields(); }
  const send = async (data) => {
    const answer = await fetch(config.act, {
      method: "POST", body: new URLSearchParams(data),
      headers: { "X-CSRF": document.querySelector("meta[name=csrf]").content, Accept: "application/json" },
    });
    return answer.json();
  };
  const said = one("[data-said]");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    if (event.submitter?.name) data.set(event.submitter.name, event.submitter.value);
    data.set("runs", JSON.stringify(view.runs()));
    form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    try {
      const done = await send(data);
      said.className = done.ok ? (done.dry_run ? "plan-would" : "plan-done") : "plan-refused";
      said.textContent = done.said;
      if (done.ok && !done.dry_run) {
        last = done.action;
        undo.disabled = !last;
        await refresh();
        view.pick([], false); // so that the marks of what was done are seen
      }
    } catch { said.className = "plan-refused"; said.textContent = words.unsure; }
    form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
  });
  let last = config.last;
  const undo = one("[data-undo]");
  undo.disabled = !last;
  const takeBack = async (action) => {
    const done = await send({ act: "undo", action_id: action }).catch(() => null);
    if (!done) { said.className = "plan-refused"; said.textContent = words.unsure; return; }
    said.className = done.ok ? "plan-done" : "plan-refused";
    said.textContent = done.said;
    last = null;
    undo.disabled = true;
    await refresh();
  };
  undo.addEventListener("click", () => last && takeBack(last));
  page.addEventListener("submit", (event) => {
    const small = event.target.closest("[data-undo-form]");
    if (!small) return;
    event.preventDefault();
    takeBack(new FormData(small).get("action_id"));
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest("input, textarea") && last) {
      event.preventDefault();
      takeBack(last);
    }
  });

  // --- others' changes, and our own ----------------------------------------------------------------------------------------
  function paint() { // the dots beside the counts, in the colours in which the plan is drawn
    const colour = view.by === "contingent" ? "contingentColour" : "colour";
    page.querySelectorAll("[data-colour]").forEach((dot) => dot.style.setProperty("--dot", dot.dataset[colour] || "transparent"));
  }
  paint();
  document.body.addEventListener("htmx:afterSwap", paint);
  let known = { version: view.picture.version, mark: view.picture.mark };
  let asking = null;
  // Many look at this hall at once: it is asked for again when the answer says so.
  const later = (answer) => { if (answer.status === 503) setTimeout(() => refresh(), 1000 * (Number(answer.headers.get("Retry-After")) || 5)); };
  const ask = async () => {
    const answer = await fetch(`${config.changes}?${new URLSearchParams(known)}`);
    if (!answer.ok) return later(answer);
    const news = await answer.json();
    if (news.whole || !view.change(news.seats)) {
      const drawn = await fetch(config.picture);
      if (!drawn.ok) return later(drawn);
      const again = await drawn.json();
      known = { version: again.version, mark: again.mark };
      view.take(again);
      view.draw();
    } else known = { version: news.version, mark: news.mark };
    canvas.dataset.version = String(known.version);
    htmx.trigger(document.body, "plan-changed");
  };
  // One question at a time, and one more if somebody rang meanwhile.
  const refresh = () => {
    if (asking) { asking.again = true; return asking.done; }
    const mine = { again: false };
    asking = mine;
    mine.done = ask().finally(() => { asking = null; if (mine.again) refresh(); });
    return mine.done;
  };
  if (config.news) {
    const stream = new EventSource(config.news);
    stream.addEventListener("message", () => refresh());
    window.addEventListener("pagehide", () => stream.close());
  }
  if (config.past) { const past = one("[data-past]"); past.hidden = false; past.textContent = config.past; }
});
