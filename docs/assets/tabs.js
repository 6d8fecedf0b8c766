// Tabs per engine: the engine that a reader chose once is shown wherever tabs have it, on every page.
// The theme links tabs of the same label; these can be for several engines, which their blocks tell.
"use strict"

{
  const KEY = "docker-architecture.engine"
  const SWITCHING = "data-md-switching" // The theme's own mark of a tab that no reader chose.

  // The engines, the newest first, each with its image store. The page has them from the lab's own list.
  const engines = (document.querySelector("[data-engines]")?.dataset.engines ?? "")
    .split(" ").filter(Boolean).map(entry => entry.split(":"))
  const place = engine => engines.findIndex(([name]) => name === engine)

  // Sets of tabs, and of each tab: its label, its radio button, the engines that the blocks in it are bound to.
  const sets = [...document.querySelectorAll(".tabbed-set")].map(set => {
    const contents = set.querySelectorAll(":scope > .tabbed-content > .tabbed-block")
    return [...set.querySelectorAll(":scope > .tabbed-labels > label")].map((label, index) => ({
      label,
      input: document.getElementById(label.htmlFor),
      engines: (contents[index].querySelector("[data-engine]")?.dataset.engine ?? "").split(" ").filter(Boolean),
    }))
  })

  // How far an engine is from another: itself, then those with the same store, the nearest first, then the newest.
  const distance = (from, to) => {
    const [a, b] = [place(from), place(to)]
    if (b < 0) return Infinity
    return a >= 0 && engines[a][1] === engines[b][1] ? Math.abs(a - b) : engines.length + b
  }

  // The tab of a set that is nearest to an engine, or nothing where the set is not about engines.
  const nearest = (set, engine) => {
    const reach = tab => Math.min(...tab.engines.map(other => distance(engine, other)))
    const [first] = set.filter(tab => tab.engines.length).sort((a, b) => reach(a) - reach(b))
    return first
  }

  let current = engines[0]?.[0] // Readers who have not chosen yet have the newest, as likely as not.
  try {
    const chosen = localStorage.getItem(KEY)
    if (place(chosen) >= 0) current = chosen
  } catch { /* Then a choice holds for this page. */ }

  // Before the theme starts it is enough to choose; it looks at what is chosen.
  for (const set of sets) {
    const tab = nearest(set, current)
    if (tab) tab.input.checked = true
  }

  let following = false // The theme takes its mark away before a change comes here: this is ours.
  document.addEventListener("change", ({ target }) => {
    if (following) return
    const chosen = sets.flat().find(({ input }) => input === target)
    if (!chosen?.engines.length || chosen.label.hasAttribute(SWITCHING)) return
    // A tab for several engines leaves the choice among them as it was, or else means the newest.
    if (!chosen.engines.includes(current)) [current] = [...chosen.engines].sort((a, b) => place(a) - place(b))
    try { localStorage.setItem(KEY, current) } catch { /* See above. */ }
    following = true
    for (const set of sets) {
      const tab = nearest(set, current)
      if (!tab || tab.input.checked || tab.input.name === target.name) continue
      tab.label.setAttribute(SWITCHING, "")
      tab.input.click()
    }
    following = false
  })
}
