# bash completion for sonde

_sonde() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb='' record='' i
  local printing='--format -t -r -T -x -X -v -n -i -k --site-skip --symbols-from --debuginfod -a -c -C -S --per-process -q --quiet -e --filter -P -z -Z --events --only-matching --top --by
    --max-output -s -o -h --help'
  local tracing='-f --no-follow -y -b --timeout --sample --max-rate --overflow --redact --no-crash-report --kill-on-exit --no-stacks --allocator --contents --no-pushdown
    --pushdown --no-low-latency -A'
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --)
        # What follows is the program's command line.
        if declare -F _command_offset >/dev/null; then _command_offset $((i + 1)); fi
        return
        ;;
      record) record=yes ;;
      run | attach | report | heap | leaks | filter | stack | symbolize | suppressions) [ -n "$verb" ] || verb=${COMP_WORDS[i]} ;;
    esac
  done

  case $previous in
    --format)
      local forms='text json csv'
      [ "$verb" != leaks ] || forms='text json sarif junit'
      mapfile -t COMPREPLY < <(compgen -W "$forms" -- "$current") && return
      ;;
    -X) mapfile -t COMPREPLY < <(compgen -W 'raw abbrev verbose' -- "$current") && return ;;
    -S) mapfile -t COMPREPLY < <(compgen -W 'time calls errors name min max avg' -- "$current") && return ;;
    --overflow) mapfile -t COMPREPLY < <(compgen -W 'block drop' -- "$current") && return ;;
    --redact) mapfile -t COMPREPLY < <(compgen -W 'strings paths env' -- "$current") && return ;;
    --events) mapfile -t COMPREPLY < <(compgen -W 'syscalls signals processes heap mappings' -- "$current") && return ;;
    --by) mapfile -t COMPREPLY < <(compgen -W 'site function module thread size' -- "$current") && return ;;
    -u) mapfile -t COMPREPLY < <(compgen -u -- "$current") && return ;;
    -E) mapfile -t COMPREPLY < <(compgen -v -- "$current") && return ;;
    --symbols-from) mapfile -t COMPREPLY < <(compgen -d -- "$current") && return ;;
    --show | --fail-on) mapfile -t COMPREPLY < <(compgen -W 'definite indirect possible reachable all none' -- "$current") && return ;;
    -o | -P | --program | --against | --suppressions | --baseline) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
    -e | --filter | --site-skip | -a | -s | -b | --timeout | --sample | --max-rate | --max-output | --top | --for | --reviewed-within | --error-exitcode) return ;;
  esac

  local words=''
  case $verb in
    '')
      words='run attach heap'
      if [ -n "$record" ]; then words+=' -o -h --help'; else words+=' record report leaks filter stack symbolize suppressions --version -h --help'; fi
      ;;
    run)
      if [[ $current == -* ]]; then words="$printing $tracing -u -E --"; else mapfile -t COMPREPLY < <(compgen -c -- "$current"); fi
      ;;
    attach)
      words="$printing $tracing -p"
      if [[ $current != -* ]]; then words=$(cd /proc && printf '%s ' [0-9]*); fi
      ;;
    heap)
      words='--for --top --by --no-stacks --allocator --contents --sample --max-rate --format --site-skip --symbols-from --debuginfod --no-follow --overflow -u -E -p -o -A -h --help --'
      if [[ $current != -* ]]; then words=$(cd /proc && printf '%s ' [0-9]*); fi
      ;;
    leaks)
      words='--for --after --every --growth --rounds --older-than --contents --format --show --top --error-exitcode --fail-on --baseline --suppressions --no-default-suppressions --print-suppressions --unused-suppressions --allocator --symbols-from --debuginfod --no-follow -u -E -p -o -A -h --help --'
      if [[ $current != -* ]]; then words=$(cd /proc && printf '%s ' [0-9]*); fi
      ;;
    report)
      words=$printing
      if [[ $current != -* ]]; then words='' && mapfile -t COMPREPLY < <(compgen -f -- "$current"); fi
      ;;
    filter) words='-h --help' ;;
    suppressions)
      words='check -h --help'
      if [[ " ${COMP_WORDS[*]:1:COMP_CWORD-1} " == *' check '* ]]; then
        words='--reviewed-within --program --against --format -h --help'
        if [[ $current != -* ]]; then words='' && mapfile -t COMPREPLY < <(compgen -f -- "$current"); fi
      fi
      ;;
    symbolize)
      words='--format --symbols-from --debuginfod --no-demangle --verify -h --help'
      if [[ $current != -* ]]; then words='' && mapfile -t COMPREPLY < <(compgen -f -- "$current"); fi
      ;;
  esac
  if [ -n "$words" ]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"); fi
}

complete -o filenames -F _sonde sonde
