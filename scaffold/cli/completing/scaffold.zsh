#compdef scaffold
# Completion of scaffold for zsh. Load it behind compinit with: source <(scaffold completion zsh)

_scaffold() {
    local program=${(Q)words[1]} line name text
    local -a begun ended
    for line in "${(@f)$(${~program} --complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            :files) _files ;;
            :folders) _files -/ ;;
            *)
                name=${line%%$'\t'*}
                text=${${line#"$name"}#$'\t'}
                line=${name//:/\\:}${text:+:$text}
                if [[ $name == *[:=] ]]; then begun+=("$line"); else ended+=("$line"); fi
                ;;
        esac
    done
    (( $#ended )) && _describe -t scaffold scaffold ended
    (( $#begun )) && _describe -t scaffold scaffold begun -S ''
    return 0
}

if [[ $funcstack[1] == _scaffold ]]; then
    _scaffold "$@"
else
    compdef _scaffold scaffold
fi
