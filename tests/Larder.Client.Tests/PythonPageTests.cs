using System.Diagnostics;
using System.Text.RegularExpressions;
using Larder.Client.Tests.Support;

namespace Larder.Client.Tests;

/// <summary>Runs the Python of docs/python.md against a server, and compares what it prints with the page.</summary>
[Collection(ServerTests.Name)]
public sealed partial class PythonPageTests(LarderServer server)
{
    private const string Python = "/usr/bin/python3";

    [PythonFact]
    public async Task The_page_prints_what_it_says()
    {
        var page = (await File.ReadAllTextAsync(RepositoryFiles.PathOf("docs/python.md"))).ReplaceLineEndings("\n");
        var blocks = Block().Matches(page);
        var script = string.Join("\n", blocks.Where(block => block.Groups["language"].Value == "python").Select(block => block.Groups["text"].Value));
        var expected = string.Concat(blocks.Where(block => block.Groups["language"].Value == "").Select(block => block.Groups["text"].Value));
        var start = new ProcessStartInfo(Python, ["-"])
        {
            WorkingDirectory = RepositoryFiles.PathOf(""),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LARDER_URL"] = server.Address.ToString();
        start.Environment["LARDER_TOKEN"] = LarderServer.Token;

        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, await errors);
        Assert.Equal(expected, output);
    }

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<text>.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    /// <summary>Skipped where Python or requests is missing.</summary>
    private sealed class PythonFactAttribute : FactAttribute
    {
        public PythonFactAttribute()
        {
            if (!File.Exists(Python))
            {
                Skip = $"There is no {Python}.";
                return;
            }
            using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import requests"]) { RedirectStandardError = true })!;
            process.WaitForExit();
            if (process.ExitCode != 0)
                Skip = "Python has no requests (Debian: python3-requests).";
        }
    }
}
