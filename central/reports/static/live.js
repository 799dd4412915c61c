// Keeps the live page up to date: fragments and seats come as server-sent events, ready to be put in place.
"use strict";

const body = document.body;

function put(id, html) {
  const place = document.getElementById(id);
  if (!place) return;
  place.innerHTML = html; // rendered and escaped by our own server
  if (id === "hall" || id === "lanes" || id === "checks") return;
  place.classList.remove("fresh");
  void place.offsetWidth; // lets the animation begin anew
  place.classList.add("fresh");
}

function seat(at, state) {
  const hall = document.getElementById("hall");
  const use = hall.querySelector(`[data-n="${at}"]`);
  if (!use) return;
  use.setAttribute("href", "#seat-" + state);
  const title = use.querySelector("title");
  const word = JSON.parse(hall.dataset.words)[state];
  title.textContent = title.textContent.replace(/[^·]*$/, " " + word);
  use.classList.remove("fresh");
  void use.getBoundingClientRect();
  use.classList.add("fresh");
}

function take(news) {
  if (!document.getElementById("at")) return location.reload(); // nothing was planned, now something is
  for (const [id, html] of Object.entries(news.parts)) put(id, html);
  for (const [at, state] of Object.entries(news.seats)) seat(at, state);
  document.getElementById("at").textContent = news.at;
}

if (body.dataset.news) {
  const source = new EventSource(body.dataset.news);
  source.onopen = () => body.classList.remove("lost");
  source.onerror = () => body.classList.add("lost");
  source.onmessage = (event) => take(JSON.parse(event.data));
  source.addEventListener("reload", () => location.reload());
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
