using System.CommandLine;
using Larder.Cli.Running;

namespace Larder.Cli.Commands;

/// <summary><c>larder completion</c>: a script that asks this program what may come next, by System.CommandLine's directive <c>[suggest]</c>.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _larder() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(larder "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _larder larder
        """;

    private const string Zsh = """
        #compdef larder
        _larder() {
            local -a found
            found=("${(@f)$(larder "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a found || _files
        }
        compdef _larder larder
        """;

    private const string Fish = """
        complete -f -c larder -a '(larder "[suggest:"(commandline -cp | string length)"]" (commandline -cp) 2>/dev/null)'
        complete -F -c larder -n 'string match -q -- "*/*" (commandline -ct)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName larder -ScriptBlock {
            param($word, $ast, $position)
            larder "[suggest:$position]" "$ast" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "The shell." }.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        return new Command("completion", "Print a script that completes commands in a shell.") { shell }.Runs(run =>
        {
            Console.Out.WriteLine(run.Value(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                _ => PowerShell,
            });
            return Task.CompletedTask;
        });
    }
}
