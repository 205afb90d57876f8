# bash completion for ginnel(1). Installed as
# /usr/share/bash-completion/completions/ginnel

_ginnel() {
  local cur prev words cword
  if declare -F _init_completion >/dev/null; then
    _init_completion || return
  else
    words=("${COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=${words[cword]}
    prev=${words[cword - 1]}
  fi

  case $prev in
    --home)
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      return
      ;;
    --file)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    --timeout | --count | --after | --interface)
      return
      ;;
  esac

  local command= home=() arguments=0 i
  for ((i = 1; i < cword; i++)); do
    case ${words[i]} in
      --home)
        home=(--home "${words[i + 1]}")
        ((i++))
        ;;
      --file | --timeout | --count | --after | --interface) ((i++)) ;;
      -*) ;;
      *)
        if [[ -z $command ]]; then
          command=${words[i]}
        else
          ((arguments++))
        fi
        ;;
    esac
  done

  local options="--help --home --json"
  if [[ -z $command ]]; then
    local commands="enroll send listen chat group contacts verify status doctor tunnel reset daemon"
    mapfile -t COMPREPLY < <(compgen -W "$commands $options --version" -- "$cur")
    return
  fi
  case $command in
    enroll) options+=" --timeout" ;;
    send) options+=" --file --wait --timeout" ;;
    group) options+=" --file --wait --timeout" ;;
    listen) options+=" --count --after --raw --timeout" ;;
    contacts | doctor) options+=" --timeout" ;;
    verify) options+=" --digits --qr --mark --scanned --accept-new-key" ;;
    tunnel) options+=" --interface" ;;
    status) options+=" --clear-failed --timeout" ;;
    reset) options+=" --everything --yes" ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
    group)
      if ((arguments == 0)); then
        mapfile -t COMPREPLY < <(compgen -W "create add remove send leave list" -- "$cur")
      fi
      ;;
    tunnel)
      if ((arguments == 0)); then
        mapfile -t COMPREPLY < <(compgen -W "up down status config" -- "$cur")
      fi
      ;;
    send | chat | verify | reset)
      if ((arguments == 0)); then
        # Names as last known; asks no server.
        local names
        names=$(command ginnel "${home[@]}" contacts --timeout 0.001 2>/dev/null | awk '{print $1}')
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
      fi
      ;;
  esac
}
complete -F _ginnel ginnel
