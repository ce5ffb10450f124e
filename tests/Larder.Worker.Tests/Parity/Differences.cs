namespace Larder.Worker.Tests.Parity;

/// <summary>
/// Where the self-host answers differently from the Functions host, and is meant to. A test fails when one of these is no difference any more, and when there is another.
/// </summary>
internal static class Differences
{
    /// <summary>The reasons, by the names of the requests.</summary>
    public static IReadOnlyDictionary<string, string> Reasons { get; } = new Dictionary<string, string>
    {
        ["too large a body"] = "The Functions host breaks off what it forwards, and answers 500 without a body; the self-host's functions refuse it themselves.",
        ["two slashes"] = "The Functions host's router matches no route and answers 404 without a body; the self-host's catch-all answers.",
        ["interface of the host"] = "The Functions host has interfaces of its own below /admin, which a function key does not open: 403 without a body. The self-host has none.",
        ["webhook of the host"] = "The Functions host has webhooks of its own below /runtime, which a function key does not open: 403 without a body. The self-host has none.",
    };
}
