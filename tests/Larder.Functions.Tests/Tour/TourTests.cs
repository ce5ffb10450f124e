using System.Diagnostics;
using System.Text.RegularExpressions;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Tour;

/// <summary>Types the commands of docs/tour.md against a fresh server and compares the answers with those on the page.</summary>
public sealed partial class TourTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    [TourFact]
    public async Task Every_answer_on_the_page_is_the_one_that_comes()
    {
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), ("Serving:Model", "iris"));
        var page = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "tour.md"))).ReplaceLineEndings("\n");
        var steps = CodeBlock().Matches(page).SelectMany(block => Step().Matches(block.Groups["text"].Value)).ToList();
        var ids = new Dictionary<string, string>();

        Assert.True(steps.Count > 15, $"The patterns of this test find {steps.Count} commands only.");
        foreach (var step in steps)
        {
            var command = step.Groups["command"].Value;
            var expected = step.Groups["answer"].Value.Trim();
            var answer = await RunAsync(Localized(command, larder.Client.BaseAddress!, ids), larder.Log);

            var pattern = PatternOf(expected);
            var match = Regex.Match(answer, pattern, RegexOptions.Singleline);
            Assert.True(match.Success, $"$ {command}\nThe page says:\n{expected}\nThe server says:\n{answer}");
            if (JobId().Match(expected) is { Success: true } id && match.Groups["id"].Success)
                ids[id.Value] = match.Groups["id"].Value;
        }

        Assert.Single(ids);
    }

    // The page's address and job ids are those of the server on which it was typed.
    private static string Localized(string command, Uri server, Dictionary<string, string> ids) => ids.Aggregate(
        command.Replace("localhost:7071", server.Authority, StringComparison.Ordinal).Replace("curl ", "curl -s --noproxy '*' ", StringComparison.Ordinal),
        (text, id) => text.Replace(id.Key, id.Value, StringComparison.Ordinal));

    // "..." stands for anything, a line break on the page for white space; ids and times differ on each run.
    private static string PatternOf(string expected)
    {
        var pattern = Regex.Escape(expected).Replace(@"\.\.\.", ".*?", StringComparison.Ordinal);
        pattern = EscapedTime().Replace(pattern, "[0-9T:.+-]+");
        pattern = JobId().Replace(pattern, "(?<id>[0-9a-z]{16})");
        return $@"\A{EscapedLineBreak().Replace(pattern, @"\s*")}\s*\z";
    }

    private static async Task<string> RunAsync(string command, string log)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
        })!;
        using var timeout = new CancellationTokenSource(Timeout);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            // A stream of a job that is slow to begin says that it is still there.
            return output.Replace(": still here\n\n", "", StringComparison.Ordinal).Trim();
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"No answer within {Timeout}: {command}\n{log}");
        }
    }

    [GeneratedRegex(@"^```\n(?<text>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    // A command continues after a backslash at the end of a line; its answer goes to the next command.
    [GeneratedRegex(@"^\$ (?<command>(?:[^\n]*\\\n)*[^\n]*)\n(?<answer>(?:(?!\$ )[^\n]*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex(@"\bzy[0-9a-z]{14}\b")]
    private static partial Regex JobId();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\\\.\d+)?\\\+\d\d:\d\d")]
    private static partial Regex EscapedTime();

    [GeneratedRegex(@"(?:\\n|\\ )*\\n(?:\\n|\\ )*")]
    private static partial Regex EscapedLineBreak();

    /// <summary>Skipped where the page's commands cannot be run.</summary>
    private sealed class TourFactAttribute : FactAttribute
    {
        public TourFactAttribute()
        {
            var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
            if (!Array.TrueForAll(["bash", "curl", "grep"], tool => Array.Exists(folders, folder => File.Exists(Path.Combine(folder, tool)))))
                Skip = "bash, curl or grep is missing.";
        }
    }
}
