// Filters of report.html: they choose pieces of evidence, and show the rows and columns that one of those is in.
// The choice stands in the address, behind "#?", so that a view can be linked. Without scripts everything is there.
"use strict";

const form = document.getElementById("filters");
const shown = document.getElementById("shown");
const choices = Array.from(form.querySelectorAll("select"), (select) => select.name);

const entries = Array.from(document.querySelectorAll("li[data-check]"), (node) => {
  const artifact = node.closest(".artifact");
  return {
    node,
    artifact,
    key: artifact.id,
    values: { ...artifact.dataset, ...node.dataset },
    text: `${artifact.dataset.name} ${artifact.dataset.platform} ${node.textContent}`.toLowerCase(),
  };
});
const artifacts = new Set(entries.map((entry) => entry.artifact));
const lines = Array.from(document.querySelectorAll("tr[data-artifact]"));
const groups = Array.from(document.querySelectorAll("#glance tbody"));
const columns = Array.from(document.querySelectorAll("#glance thead [data-checks]"), (node) => ({
  node,
  on: node.dataset.on,
  checks: node.dataset.checks.split(" "),
}));
const parts = Array.from(document.querySelectorAll("#glance thead [data-part]"));
const opened = new Set(); // by a filter, not by the reader
const FEW = 40; // pieces of evidence that are opened by themselves when they are all that is left

function chosen() {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    if (value.trim() !== "") found[name] = value.trim();
  }
  return found;
}

function matches(entry, wanted, words) {
  return (
    choices.every((name) => wanted[name] === undefined || entry.values[name] === wanted[name]) &&
    words.every((word) => entry.text.includes(word))
  );
}

function apply() {
  const wanted = chosen();
  const words = (wanted.text ?? "").toLowerCase().split(/\s+/);
  const left = entries.filter((entry) => matches(entry, wanted, words));
  const keys = new Set(left.map((entry) => entry.key));
  const some = Object.keys(wanted).length > 0;
  const kept = new Set(left.map((entry) => entry.node));
  for (const entry of entries) entry.node.hidden = !kept.has(entry.node);
  for (const artifact of artifacts) {
    artifact.hidden = !keys.has(artifact.id);
    open(artifact, some && left.length <= FEW && keys.has(artifact.id));
  }
  for (const line of lines) line.hidden = !keys.has(line.dataset.artifact);
  for (const group of groups) group.hidden = !group.querySelector("tr[data-artifact]:not([hidden])");
  show(left, some);
  shown.textContent =
    left.length === 0
      ? "Nothing matches. No artifact is shown."
      : `${keys.size} of ${artifacts.size} artifacts, ${left.length} of ${entries.length} checks are shown.`;
  return wanted;
}

function open(artifact, wanted) {
  if (wanted && !artifact.open) {
    artifact.open = true;
    opened.add(artifact);
  } else if (!wanted && opened.delete(artifact)) {
    artifact.open = false;
  }
}

function show(left, some) {
  const seen = columns.map(
    (column) => !some || left.some(({ values }) => values.on === column.on && column.checks.includes(values.check)),
  );
  columns.forEach((column, index) => {
    column.node.hidden = !seen[index];
  });
  for (const cell of document.querySelectorAll("#glance td")) {
    cell.hidden = !seen[cell.cellIndex - 1];
  }
  for (const part of parts) {
    const width = columns.filter((column, index) => column.node.dataset.of === part.dataset.part && seen[index]).length;
    part.hidden = width === 0;
    part.colSpan = Math.max(width, 1);
  }
  for (const heading of document.querySelectorAll("#glance [scope=rowgroup]")) {
    heading.colSpan = 1 + seen.filter(Boolean).length;
  }
}

function remember(wanted) {
  const search = new URLSearchParams(wanted).toString();
  history.replaceState(null, "", search ? `#?${search}` : location.href.split("#")[0]);
}

// The address says which filters are set, or what to look at: that is shown, whatever the filters are.
function follow() {
  const hash = decodeURIComponent(location.hash);
  if (hash === "" || hash.startsWith("#?")) {
    const wanted = new URLSearchParams(location.hash.slice(2));
    for (const field of form.elements) {
      if (field.name) field.value = wanted.get(field.name) ?? "";
      if (field.selectedIndex === -1) field.value = ""; // no such choice in this report
    }
    apply();
    return;
  }
  const target = document.getElementById(hash.slice(1));
  for (let node = target; node; node = node.parentElement) {
    node.hidden = false;
    if (node.localName === "details") node.open = true;
  }
  target?.scrollIntoView();
}

form.addEventListener("input", () => remember(apply()));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => remember(apply())));
addEventListener("hashchange", follow);
form.hidden = false;
apply();
follow();
