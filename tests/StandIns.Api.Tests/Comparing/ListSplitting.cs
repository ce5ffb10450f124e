namespace StandIns.Api.Tests.Comparing;

/// <summary>Takes lines of C# apart without losing count of brackets.</summary>
internal static class ListSplitting
{
    /// <summary>The parts between separators that stand in no brackets.</summary>
    public static IEnumerable<string> SplitOutsideBrackets(this string text, char separator)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '<' or '(' or '[' => 1, '>' or ')' or ']' => -1, _ => 0 };
            if (text[i] == separator && depth == 0)
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
        }

        if (start < text.Length)
            yield return text[start..].Trim();
    }
}
