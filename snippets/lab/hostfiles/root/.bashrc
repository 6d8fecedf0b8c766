# The shell of a person in the lab: a prompt that says where one is.
[[ $- == *i* ]] || return
PS1='\[\e[1;34m\]\h\[\e[0m\]:\w\$ '
HISTFILE=
alias ls='ls --color=auto'
shopt -s checkwinsize
