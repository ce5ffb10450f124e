namespace Larder.Testing;

/// <summary>The tests that go on for as long as one lets them, such as those that kill a server again and again, have a short form, and a long one with <c>LARDER_LONG_TESTS=1</c>.</summary>
public static class LongTests
{
    /// <summary>Whether the long form was asked for.</summary>
    public static bool Wanted { get; } = Environment.GetEnvironmentVariable("LARDER_LONG_TESTS") == "1";

    /// <summary>A number for each form.</summary>
    public static T Choose<T>(T brief, T full) => Wanted ? full : brief;
}
