namespace Larder.Orchestrations.Compute;

/// <summary><c>bootstrap.py</c>, which every backend runs: its input and output are in orchestrations/Compute/README.md.</summary>
internal static class Bootstrap
{
    /// <summary>Variable with the URL of the script's text.</summary>
    public const string SourceVariable = "LARDER_BOOTSTRAP_URL";

    /// <summary>Variable with the URL of <c>job.json</c>.</summary>
    public const string ManifestVariable = "LARDER_JOB_URL";

    /// <summary>Variable with a sentence that the job's log is to begin with; it need not be there.</summary>
    public const string NoticeVariable = "LARDER_NOTICE";

    // Errors are named by type and reason only: others' texts may hold the URL.
    private const string Loader = $"""
        import os, sys, time, urllib.request
        for attempt in range(9):
            try:
                with urllib.request.urlopen(os.environ["{SourceVariable}"], timeout=60) as response:
                    source = response.read()
                break
            except Exception as error:
                told = "%s %s" % (type(error).__name__, getattr(error, "reason", ""))
                time.sleep(min(2 ** attempt / 4, 30))
        else:
            sys.exit("bootstrap.py could not be fetched: " + told)
        exec(compile(source, "bootstrap.py", "exec"))
        """;

    /// <summary>The script's text, as this build has it.</summary>
    public static string Source { get; } = EmbeddedText.Read("bootstrap.py");

    /// <summary>What a backend starts, with <see cref="SourceVariable"/> and <see cref="ManifestVariable"/> set.</summary>
    public static IReadOnlyList<string> Command { get; } = ["python3", "-c", Loader];
}

/// <summary>Texts that this assembly carries.</summary>
internal static class EmbeddedText
{
    /// <summary>Reads one by its name.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(EmbeddedText).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"This build lacks {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
