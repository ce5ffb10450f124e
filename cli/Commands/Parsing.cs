using System.CommandLine;
using Larder.Cli.Output;
using Larder.Cli.Running;

namespace Larder.Cli.Commands;

/// <summary>What several commands take.</summary>
internal static class Parsing
{
    /// <summary>A model or one of its versions.</summary>
    public static Argument<string> Reference(string what = "A model (iris), a version (iris:3) or an alias (iris:champion).") => new("reference") { Description = what };

    /// <summary>A model's name.</summary>
    public static Argument<string> Model() => new("model") { Description = "The model's name." };

    /// <summary>Does not ask.</summary>
    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask." };

    /// <summary>Tags that were typed as <c>key=value</c>.</summary>
    public static Dictionary<string, string>? Pairs(IEnumerable<string>? texts, string option)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var text in texts ?? [])
        {
            var end = text.IndexOf('=', StringComparison.Ordinal);
            if (end <= 0 || !pairs.TryAdd(text[..end], text[(end + 1)..]))
                throw new UsageException(end <= 0 ? $"{option} must be NAME=VALUE; it is '{text}'." : $"{option} has {text[..end]} twice.");
        }
        return pairs.Count == 0 ? null : pairs;
    }

    /// <summary>Asks before what cannot be taken back easily. Where no user can be asked, <c>--yes</c> is needed.</summary>
    /// <returns>False when the user says no.</returns>
    public static bool Confirmed(this CommandRun run, Option<bool> yes, string question) =>
        run.Value(yes) || (Terminal.CanAsk
            ? run.Terminal.Confirm(question)
            : throw new UsageException($"{question} Say --yes: there is no terminal to ask."));
}
