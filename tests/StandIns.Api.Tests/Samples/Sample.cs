namespace StandIns.Api.Tests.Samples;

/// <summary>Some API to print and to compare.</summary>
public sealed class Sample : ISample
{
    public const int Most = 3;

    public string? Name { get; set; }

    public int Count(string text, int from = 1) => text.Length - from;

    internal void NotPublic()
    {
    }
}
