// Names, roles and tab stops that the theme's own markup lacks. Nothing here is seen.
"use strict"

document.querySelector(".md-search")?.setAttribute("aria-label", "Search")

// A table that is wider than its frame scrolls, so its frame must take the keyboard.
const frames = new ResizeObserver(entries => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0
    else target.removeAttribute("tabindex")
  }
})

function mend(node) {
  if (!(node instanceof Element)) return
  // Each copy button comes in a <nav> of its own, which would make a landmark of every code block.
  if (node.matches(".md-code__nav")) node.setAttribute("role", "none")
  if (node.matches(".md-typeset__scrollwrap")) frames.observe(node)
}

// The theme makes these elements while it starts.
document.querySelectorAll(".md-code__nav, .md-typeset__scrollwrap").forEach(mend)
new MutationObserver(changes => {
  for (const change of changes) change.addedNodes.forEach(mend)
}).observe(document.body, { childList: true, subtree: true })
