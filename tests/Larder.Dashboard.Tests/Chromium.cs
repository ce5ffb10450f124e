namespace Larder.Dashboard.Tests;

/// <summary>The browser that these tests drive: one that the machine has.</summary>
internal static class Chromium
{
    private static readonly string[] Places = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>The program; null when there is none.</summary>
    public static string? Program { get; } = Array.Find(Places, File.Exists);

    /// <summary>Whether there is one.</summary>
    public static bool IsThere => Program is not null;

    /// <summary>Why the tests are skipped; null when they run.</summary>
    public static string? Missing { get; } = IsThere ? null : $"There is no Chromium at {string.Join(", ", Places)}. On Debian: apt-get install chromium-headless-shell.";
}

/// <summary>A test in a browser.</summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Chromium.Missing;
}

/// <summary>A test in a browser, with data.</summary>
internal sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = Chromium.Missing;
}
