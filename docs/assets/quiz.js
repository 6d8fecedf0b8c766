// Questions with choices. Without this file each choice is a folded answer that says whether it is right.
// With it the first choice of each question is kept for the next visit and counted, and screen readers are told.
"use strict"

{
  const KEY = "docker-architecture.choices"
  const titleOf = element => element.querySelector(":scope > :is(.admonition-title, summary)")
  const choicesOf = question => [...question.querySelectorAll(":scope > details:is(.right, .wrong)")]
  const keyOf = question => location.pathname + "#" + titleOf(question).textContent
  const isRight = choice => choice.classList.contains("right")
  const questions = [...document.querySelectorAll(".admonition.question")].filter(q => choicesOf(q).length)

  let kept = {}
  try { kept = JSON.parse(localStorage.getItem(KEY)) ?? {} } catch { /* Nothing is kept, then. */ }
  const keep = (question, choice) => {
    if (choice) kept[keyOf(question)] = titleOf(choice).textContent
    else delete kept[keyOf(question)]
    try { localStorage.setItem(KEY, JSON.stringify(kept)) } catch { /* It then holds for this page. */ }
  }

  const score = document.createElement("p")
  const count = document.createElement("span")
  const again = document.createElement("button")
  const tell = () => {
    const first = questions.map(question => choicesOf(question).find(choice => choice.dataset.chosen))
    const answered = first.filter(Boolean)
    count.textContent = `${answered.length} of ${questions.length} answered, ${answered.filter(isRight).length} right at once.`
    score.hidden = !answered.length
  }

  for (const question of questions) {
    const said = document.createElement("p")
    said.className = "unseen"
    said.setAttribute("role", "status")
    question.append(said)
    for (const choice of choicesOf(question)) {
      if (titleOf(choice).textContent === kept[keyOf(question)]) choice.dataset.chosen = choice.open = true
      // A click, by mouse or keyboard, is a choice: a search or a printer unfolds it, too.
      titleOf(choice).addEventListener("click", () => {
        if (choice.open) return
        said.textContent = isRight(choice) ? "Right." : "Not right. Read why, then choose again."
        if (choicesOf(question).some(other => other.dataset.chosen)) return
        choice.dataset.chosen = true
        keep(question, choice)
        tell()
      })
    }
  }

  if (questions.length) {
    score.className = "quiz-score"
    count.setAttribute("role", "status")
    again.type = "button"
    again.textContent = "Start again"
    again.addEventListener("click", () => {
      for (const question of questions) {
        keep(question, null)
        for (const choice of choicesOf(question)) {
          delete choice.dataset.chosen
          choice.open = false
        }
      }
      tell()
      questions[0].scrollIntoView()
    })
    score.append(count, " ", again)
    questions.at(-1).after(score)
    tell()
  }
}
