# fish completion for ecpctl; load with: ecpctl completion fish | source
function __ecpctl_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    $words[1] __complete -- $words[2..-1] "$cur" 2>/dev/null | while read -l line
        if test "$line" = ":files"
            __fish_complete_path "$cur"
        else
            echo $line
        end
    end
end
complete -c ecpctl -f -a '(__ecpctl_complete)'
