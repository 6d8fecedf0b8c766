// Lets a reader go through a picture part by part. Without this script the whole picture is shown.
"use strict"

for (const figure of document.querySelectorAll(".figure[data-parts]")) {
  const words = JSON.parse(figure.dataset.parts)
  const elements = [...figure.querySelectorAll("[data-part]")]
  const present = new Set(elements.map(element => Number(element.dataset.part)))
  const parts = words.map((_, index) => index + 1).filter(part => present.has(part))
  let at = -1 // The whole picture.

  const bar = document.createElement("div")
  bar.className = "stepper"
  const back = button("Previous step", "‹")
  const forward = button("Next step", "›")
  const said = document.createElement("p")
  said.setAttribute("role", "status")
  bar.append(back, said, forward)
  figure.querySelector("figcaption").after(bar)

  back.addEventListener("click", () => show(at - 1))
  forward.addEventListener("click", () => show(at + 1 < parts.length ? at + 1 : -1))
  show(-1)

  function button(label, text) {
    const made = document.createElement("button")
    made.type = "button"
    made.setAttribute("aria-label", label)
    made.textContent = text
    return made
  }

  function show(index) {
    at = index
    const part = parts[at]
    back.disabled = at < 0
    forward.setAttribute("aria-label", at + 1 < parts.length ? "Next step" : "Show the whole picture")
    forward.textContent = at + 1 < parts.length ? "›" : "×"
    said.textContent = part ? `Step ${part}: ${words[part - 1]}` : "The whole picture. The arrow goes through it step by step."
    for (const element of elements) {
      element.classList.toggle("off", part !== undefined && Number(element.dataset.part) !== part)
    }
    if (part === undefined) return
    // The first band of the part, below the names, or the first item on a phone.
    const first = elements.find(element => Number(element.dataset.part) === part && element.getClientRects().length)
    first?.scrollIntoView({ block: "start" })
  }
}
