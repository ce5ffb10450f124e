using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>
/// The words of comments, documentation and messages are those that an engineer knows: a sentence names who acts, and uses the field's term.
/// A hit is reported as <c>file:line: 'word': use instead</c>.
/// </summary>
public sealed class WordsTests
{
    /// <summary>This file has the words itself.</summary>
    private const string ListOfWords = "tests/Larder.Infrastructure.Tests/WordsTests.cs";

    /// <summary>Regular expressions of words and phrases, matched as whole words in any case, and what to write instead.</summary>
    private static readonly (string Pattern, string Instead)[] Banned =
    [
        ("whoever|whomever", "the caller, the server, the user, a process that"),
        ("nobody|no one", "no caller, no server, or a sentence with 'not'"),
        ("somebody|someone|anybody|anyone", "a caller, a user, another server, any caller"),
        ("die|dies|died", "crash, end, stop, is killed"),
        ("what is due", "occurrences that are due"),
        ("cannot be meant", "is ambiguous, cannot be parsed"),
        ("had by|it was had", "read by, received from, cached"),
        ("stubborn|stubbornly", "retries, repeats, ignores the signal"),
        ("patience|patient|patiently", "timeout, retry policy, waits"),
        ("of its own accord", "by itself, without a request"),
        ("is none's|are none's", "belongs to no job, no caller"),
        ("is another's|are another's", "belongs to another job, another caller"),
        ("what is not there", "what does not exist, what is missing"),
        ("unheard of", "without a renewed lease"),
        ("mighty", "has too many rights"),
    ];

    /// <summary>Comments that say no more than the name above or below them: the verb of a method, or the noun of a field.</summary>
    private static readonly string[] Repeating =
    [
        "Stops it", "Runs it", "Starts it", "Reads it", "Writes it", "Makes it", "Ends it", "Closes it", "Creates it", "Deletes it",
        "Stops them", "Runs them", "Starts them", "Reads them", "Writes them", "Makes them", "Deletes them",
        "The clock", "The log", "The logger", "The store", "The settings", "The limits", "The token",
    ];

    /// <summary>Texts in which a banned word is right, each with the reason.</summary>
    private static readonly (string Text, string Reason)[] Exceptions =
    [
        ("--die-with-parent", "an option of bubblewrap"),
        ("Ingestion:Patience", "the old name of a setting, which the changelog and the refusal of old names must spell"),
    ];

    private static readonly string[] TextFiles = [".cs", ".razor", ".css", ".md", ".json", ".bicep", ".bicepparam", ".yml", ".yaml", ".py", ".sh", ".js", ".cjs", ".lua", ".csproj", ".props", ".targets", ".proto"];
    private static readonly string[] Scripts = [".ci/run", ".ci/openapi-diff", ".ci/licences", ".ci/release", "bench/load/run", "bench/start/run", "samples/smoke/drop"];

    private static readonly Regex BannedWord = new(@$"\b(?:{string.Join('|', Banned.Select((word, n) => $"(?<w{n}>{word.Pattern})"))})\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture);
    private static readonly Regex RepeatingComment = new(@$"(?:<summary>|///?|#|<!--)\s*(?<text>{string.Join('|', Repeating)})\.\s*(?:</summary>|-->|$)", RegexOptions.ExplicitCapture);

    /// <summary>Top folders with texts; files beside them are the room <c>.</c>.</summary>
    public static TheoryData<string> Rooms => [.. Repository.Files().Select(RoomOf).Distinct().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Texts_use_plain_words(string room) => Assert.Empty(Repository.Files().Where(file => RoomOf(file) == room && IsText(file)).SelectMany(Check));

    [Theory]
    [InlineData("Whoever asks first gets the file.")]
    [InlineData("no one reads it")]
    [InlineData("A server that dies loses nothing.")]
    [InlineData("\"The request cannot be meant\"")]
    [InlineData("It is had by name.")]
    [InlineData("a stubborn client")]
    [InlineData("/// <summary>Stops it.</summary>")]
    [InlineData("// The clock.")]
    public void A_banned_word_is_found(string line) => Assert.Single(Check("a.cs", 1, line));

    [Theory]
    [InlineData("Nobody_can_call_this")]
    [InlineData("The diet of a dietician.")]
    [InlineData("/// <summary>Stops it when the job has ended.</summary>")]
    [InlineData("`Ingestion:Patience` is now `Ingestion:Timeout`.")]
    public void A_plain_sentence_a_name_and_an_exception_are_not_found(string line) => Assert.Empty(Check("a.cs", 1, line));

    [Fact]
    public void Every_exception_is_needed() => Assert.All(Exceptions, exception =>
        Assert.Contains(Repository.Files().Where(file => IsText(file) && file != ListOfWords), file => Repository.Read(file).Contains(exception.Text, StringComparison.Ordinal)));

    private static string RoomOf(string file) => file.Contains('/', StringComparison.Ordinal) ? file[..file.IndexOf('/', StringComparison.Ordinal)] : ".";

    // Lock files, and the JSON files of tests (recorded histories, saved storage), are data that tools wrote.
    private static bool IsText(string file) =>
        (TextFiles.Contains(Path.GetExtension(file)) || Scripts.Contains(file))
        && Path.GetFileName(file) is not ("packages.lock.json" or "package-lock.json")
        && !(file.StartsWith("tests/", StringComparison.Ordinal) && file.EndsWith(".json", StringComparison.Ordinal));

    private static IEnumerable<string> Check(string file) =>
        file == ListOfWords ? [] : Repository.Read(file).Split('\n').SelectMany((line, n) => Check(file, n + 1, line));

    private static IEnumerable<string> Check(string file, int number, string line)
    {
        foreach (var (text, _) in Exceptions)
            line = line.Replace(text, "", StringComparison.Ordinal);
        foreach (Match match in BannedWord.Matches(line))
        {
            var word = Enumerable.Range(0, Banned.Length).First(n => match.Groups[$"w{n}"].Success);
            yield return $"{file}:{number}: '{match.Value}': {Banned[word].Instead}";
        }
        if (RepeatingComment.Match(line.TrimEnd()) is { Success: true } comment)
            yield return $"{file}:{number}: '{comment.Groups["text"].Value}.': say why, or delete the comment";
    }
}
