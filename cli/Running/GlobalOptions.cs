using System.CommandLine;

namespace Larder.Cli.Running;

/// <summary>The options that every command has.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> Url = new("--url") { Description = "The server's address. Default: LARDER_URL, the config file, http://localhost:7071.", HelpName = "URL", Recursive = true };
    public static readonly Option<string?> Token = new("--token") { Description = "The token. Other users of this machine can see it: LARDER_TOKEN or 'larder login' keep it from them.", HelpName = "TOKEN", Recursive = true };
    public static readonly Option<string> Output = new Option<string>("--output", "-o") { Description = "How results are printed.", Recursive = true, DefaultValueFactory = _ => "table" }.AcceptOnlyFromAmong("table", "json", "csv");
    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "Print no notes and no progress, and of what was made only its name.", Recursive = true };

    public static IReadOnlyList<Option> All => [Url, Token, Output, Quiet];
}
