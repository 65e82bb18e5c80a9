"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const box = document.getElementById("frames");
  const detail = document.getElementById("detail");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const ROW = 22;
  const SMALLEST = 0.0008;
  const NONE = -1;
  const frames = data.frames.map((row, id) => ({
    id, parent: row[0], name: data.names[row[1]], self: row[2], cycles: row[3], calls: row[4],
    children: [], begin: 0, depth: 0,
  }));
  const roots = [];
  for (const frame of frames) {
    (frame.parent === NONE ? roots : frames[frame.parent].children).push(frame);
  }
  const whole = { id: NONE, parent: null, name: "all", self: 0, cycles: data.total, calls: 0, children: roots, begin: 0, depth: 0 };
  let zoomed = whole;
  let current = NONE;

  function place(frame) {
    frame.children.sort((a, b) => b.cycles - a.cycles || a.id - b.id);
    let at = frame.begin;
    for (const child of frame.children) {
      child.begin = at;
      child.depth = frame.depth + 1;
      at += child.cycles;
    }
  }
  place(whole);
  for (const frame of frames) place(frame);

  const parentOf = (frame) => (frame === whole ? null : frame.parent === NONE ? whole : frames[frame.parent]);
  const number = (value) => value.toLocaleString("en-US");
  const share = (cycles) => (data.total ? (100 * cycles / data.total).toFixed(2) : "0.00") + " %";

  function words(frame) {
    const calls = frame.calls ? ", " + number(frame.calls) + " calls" : "";
    return frame.name + ": " + number(frame.cycles) + " cycles (" + share(frame.cycles) + "), self " + number(frame.self) + calls;
  }

  function matches(frame, text) {
    return text !== "" && frame.name.toLowerCase().includes(text);
  }

  function visible() {
    const list = [];
    for (let above = parentOf(zoomed); above !== null; above = parentOf(above)) list.unshift(above);
    const above = list.length;
    const least = zoomed.cycles * SMALLEST;
    const queue = [zoomed];
    for (let n = 0; n < queue.length; n++) {
      list.push(queue[n]);
      for (const child of queue[n].children) if (child.cycles >= least) queue.push(child);
    }
    return { list, above };
  }

  function draw(focus) {
    const text = search.value.trim().toLowerCase();
    const { list, above } = visible();
    const nodes = document.createDocumentFragment();
    let deepest = 0;
    list.forEach((frame, n) => {
      const node = document.createElement("div");
      const inside = n >= above && frame !== zoomed;
      const left = inside ? (frame.begin - zoomed.begin) / zoomed.cycles : 0;
      const width = inside ? frame.cycles / zoomed.cycles : 1;
      node.className = "frame" + (n < above ? " above" : "") + (matches(frame, text) ? " hit" : "");
      node.style.left = 100 * left + "%";
      node.style.width = 100 * width + "%";
      node.style.top = ROW * frame.depth + "px";
      node.dataset.id = frame.id;
      node.textContent = frame.name;
      node.title = words(frame);
      node.tabIndex = frame.id === current ? 0 : -1;
      node.setAttribute("role", "treeitem");
      node.setAttribute("aria-level", frame.depth + 1);
      node.setAttribute("aria-label", words(frame));
      node.setAttribute("aria-selected", frame === zoomed ? "true" : "false");
      if (frame.children.length) node.setAttribute("aria-expanded", "true");
      deepest = Math.max(deepest, frame.depth);
      nodes.append(node);
    });
    box.replaceChildren(nodes);
    box.style.height = Math.min(ROW * (deepest + 1) + 2, Math.max(220, window.innerHeight * 0.7)) + "px";
    if (!box.querySelector('[tabindex="0"]')) {
      current = zoomed.id;
      box.querySelector('[data-id="' + current + '"]').tabIndex = 0;
    }
    if (focus) box.querySelector('[data-id="' + current + '"]').focus();
    report(text);
  }

  function report(text) {
    if (text === "") {
      found.textContent = "";
      return;
    }
    let count = 0;
    let cycles = 0;
    const covered = new Set();
    for (const frame of frames) {
      const isCovered = covered.has(frame.parent);
      const isHit = matches(frame, text);
      if (isHit) count++;
      if (isHit && !isCovered) cycles += frame.cycles;
      if (isHit || isCovered) covered.add(frame.id);
    }
    found.textContent = number(count) + " boxes, " + share(cycles) + " of all cycles";
  }

  const byId = (id) => (id === NONE ? whole : frames[id]);

  function choose(frame) {
    const old = box.querySelector('[tabindex="0"]');
    const node = box.querySelector('[data-id="' + frame.id + '"]');
    if (!node) return;
    if (old) old.tabIndex = -1;
    current = frame.id;
    node.tabIndex = 0;
    node.focus();
  }

  function zoom(frame) {
    if (!frame.cycles) return;
    zoomed = frame;
    current = frame.id;
    draw(true);
  }

  function beside(frame, step) {
    const parent = parentOf(frame);
    if (parent === null) return frame;
    const at = parent.children.indexOf(frame) + step;
    return parent.children[Math.max(0, Math.min(parent.children.length - 1, at))];
  }

  box.addEventListener("click", (event) => {
    const node = event.target.closest(".frame");
    if (node) zoom(byId(Number(node.dataset.id)));
  });
  box.addEventListener("focusin", (event) => {
    const node = event.target.closest(".frame");
    if (node) detail.textContent = words(byId(Number(node.dataset.id)));
  });
  box.addEventListener("mouseover", (event) => {
    const node = event.target.closest(".frame");
    if (node) detail.textContent = words(byId(Number(node.dataset.id)));
  });
  box.addEventListener("keydown", (event) => {
    const frame = byId(current);
    const moves = {
      ArrowUp: () => choose(parentOf(frame) || frame),
      ArrowDown: () => frame.children.length && choose(frame.children[0]),
      ArrowLeft: () => choose(beside(frame, -1)),
      ArrowRight: () => choose(beside(frame, 1)),
      Home: () => choose(whole),
      Enter: () => zoom(frame),
      " ": () => zoom(frame),
      Escape: () => zoom(parentOf(zoomed) || whole),
    };
    if (moves[event.key]) {
      event.preventDefault();
      moves[event.key]();
    }
  });
  search.addEventListener("input", () => draw(false));
  document.getElementById("reset").addEventListener("click", () => {
    search.value = "";
    zoomed = whole;
    current = NONE;
    draw(false);
  });
  draw(false);
})();
