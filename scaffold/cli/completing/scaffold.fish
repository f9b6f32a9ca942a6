# Completion of scaffold for fish. Load it with: scaffold completion fish | source

function __scaffold_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape)
    test (count $current) -gt 0; or set current ""
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    for line in ($program --complete fish $words[2..-1] "$current[1]" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current[1]"
            case :folders
                __fish_complete_directories "$current[1]"
            case '*'
                echo $line
        end
    end
end

complete --command scaffold --no-files --arguments '(__scaffold_complete)'
