# fish completion for sluice.

function __sluice_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l answer ($words[1] __complete $words[2..-1] "$typed" 2>/dev/null)
    set -l flag (string match -r -- '^-[^=]*=' "$typed")

    for line in $answer
        switch $line
            case ':4'
            case ':*'
                for file in (__fish_complete_path (string replace -r -- '^-[^=]*=' '' "$typed"))
                    printf '%s\n' "$flag$file"
                end
            case '*'
                printf '%s\n' "$flag$line"
        end
    end
end

complete -c sluice -e
complete -c kubectl-sluice -e
complete -c sluice -f -a '(__sluice_complete)'
complete -c kubectl-sluice -f -a '(__sluice_complete)'
