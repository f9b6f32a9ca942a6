# Completion of scaffold for bash. Load it with: source <(scaffold completion bash)

_scaffold() {
    local program=${1/#\~\//"$HOME"/} line=${COMP_LINE:0:COMP_POINT} current suggestion quoted
    COMPREPLY=()

    # What bash takes for the word ends at the last colon or equals sign, unless a quote is open.
    current=${line##*[[:space:]]}
    local quote=${current:0:1} typed=""
    [[ $quote == [\'\"] ]] || quote=""
    if [[ -z $quote && $current == *[:=]* ]]; then
        typed=${current%"${current##*[:=]}"}
    fi

    while IFS= read -r suggestion; do
        case $suggestion in
            :files) compopt -o default ;;
            :folders) compopt -o dirnames ;;
            *)
                [[ $suggestion == *[:=] ]] && compopt -o nospace
                if [[ -n $quote ]]; then
                    # Inside quotes only what means the same there can be completed.
                    [[ $suggestion == *[\'\"\\\$\`!]* ]] || COMPREPLY+=("$suggestion")
                else
                    printf -v quoted %q "$suggestion"
                    COMPREPLY+=("${quoted#"$typed"}")
                fi
                ;;
        esac
    done < <("$program" --complete bash "$line" 2>/dev/null)
}

complete -F _scaffold scaffold
