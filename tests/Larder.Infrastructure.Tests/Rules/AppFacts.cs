using System.Globalization;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>What the template must agree with in the app's sources.</summary>
/// <param name="FormOverhead">Bytes that the app takes beside a model of the largest size.</param>
/// <param name="PollingFunctions">Functions whose blob trigger asks storage for new blobs, instead of being told by Event Grid.</param>
/// <param name="EventGridFunctions">Functions whose blob trigger Event Grid starts.</param>
internal sealed partial record AppFacts(long FormOverhead, IReadOnlyList<string> PollingFunctions, IReadOnlyList<string> EventGridFunctions)
{
    /// <summary>Reads the sources of functions/.</summary>
    public static AppFacts Read()
    {
        var sources = Directory.EnumerateFiles(Repository.Path("functions"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .Select(File.ReadAllText).ToList();
        var overhead = sources.Select(text => Overhead().Match(text)).Single(match => match.Success);
        return FromSources(1L << int.Parse(overhead.Groups["bits"].Value, CultureInfo.InvariantCulture), sources);
    }

    /// <summary>Takes the functions from the texts of sources.</summary>
    public static AppFacts FromSources(long formOverhead, IEnumerable<string> sources)
    {
        var triggered = sources.SelectMany(text => BlobFunction().Matches(text))
            .ToLookup(match => match.Groups["trigger"].Value.Contains("EventGrid", StringComparison.Ordinal), match => match.Groups["name"].Value);
        return new(formOverhead, [.. triggered[false]], [.. triggered[true]]);
    }

    [GeneratedRegex(@"FormOverhead = 1L? << (?<bits>\d+);")]
    private static partial Regex Overhead();

    // The attribute of the function, and its trigger before another function begins.
    [GeneratedRegex("""\[Function\((?:nameof\()?"?(?<name>\w+)"?\)?\)\](?:(?!\[Function\().)*?\[BlobTrigger\((?<trigger>.*?)\)\]""", RegexOptions.Singleline)]
    private static partial Regex BlobFunction();
}
