// Tabs per engine: the engine that a reader chose once is shown wherever tabs have it, on every page.
// The theme links tabs of the same label; these can be for several engines, which their blocks tell.
"use strict"

{
  const KEY = "docker-architecture.engine"
  const DEFAULT = "28.5-containerd" // Shown to readers who have not chosen yet: of ours, the likest to a fresh Docker.
  const SWITCHING = "data-md-switching" // The theme's own mark of a tab that no reader chose.

  // Each tab: its label, its radio button, the engines that the blocks in it are bound to.
  const tabs = [...document.querySelectorAll(".tabbed-set")].flatMap(set => {
    const contents = set.querySelectorAll(":scope > .tabbed-content > .tabbed-block")
    return [...set.querySelectorAll(":scope > .tabbed-labels > label")].map((label, index) => ({
      label,
      input: document.getElementById(label.htmlFor),
      engines: (contents[index].querySelector("[data-engine]")?.dataset.engine ?? "").split(" ").filter(Boolean),
    }))
  })

  let current = DEFAULT
  try { current = localStorage.getItem(KEY) ?? DEFAULT } catch { /* Then a choice holds for this page. */ }

  // Before the theme starts it is enough to choose; it looks at what is chosen.
  for (const { input, engines } of tabs) if (engines.includes(current)) input.checked = true

  document.addEventListener("change", ({ target }) => {
    const chosen = tabs.find(({ input }) => input === target)
    if (!chosen?.engines.length || chosen.label.hasAttribute(SWITCHING)) return
    if (!chosen.engines.includes(current)) current = chosen.engines.at(-1)
    try { localStorage.setItem(KEY, current) } catch { /* See above. */ }
    for (const { label, input, engines } of tabs) {
      if (input.checked || input.name === target.name || !engines.includes(current)) continue
      label.setAttribute(SWITCHING, "")
      input.click()
    }
  })
}
