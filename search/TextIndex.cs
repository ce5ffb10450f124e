using System.Globalization;
using System.Text;
using Lucene.Net.Analysis.Core;
using Lucene.Net.Documents;
using Lucene.Net.Index;
using Lucene.Net.Search;
using Lucene.Net.Store;
using Lucene.Net.Util;

namespace Larder.Search;

/// <summary>The texts of items, as Lucene indexes them, in memory. A word is letters and digits, without case and accents. Not for several writers at a time.</summary>
internal sealed class TextIndex : IDisposable
{
    /// <summary>The most words of a search; more say nothing more.</summary>
    public const int MaxWords = 16;

    private const LuceneVersion Version = LuceneVersion.LUCENE_48;
    private const int LongestWord = 64;
    private const string Key = "key";

    // What a word counts by where it stands.
    private static readonly (string Field, float Boost)[] Fields = [("title", 4), ("words", 2), ("text", 1)];

    private readonly RAMDirectory _directory = new();
    private readonly IndexWriter _writer;
    private readonly SearcherManager _searchers;

    public TextIndex()
    {
        // The words are made here, and only separated by spaces.
        _writer = new IndexWriter(_directory, new IndexWriterConfig(Version, new WhitespaceAnalyzer(Version)));
        _searchers = new SearcherManager(_writer, applyAllDeletes: true, null);
    }

    /// <summary>The words of a text, in order.</summary>
    public static IEnumerable<string> WordsOf(string text)
    {
        var word = new StringBuilder();
        foreach (var character in text.Normalize(NormalizationForm.FormD))
        {
            if (char.IsLetterOrDigit(character))
            {
                if (word.Length < LongestWord)
                    word.Append(char.ToLowerInvariant(character));
            }
            else if (CharUnicodeInfo.GetUnicodeCategory(character) != UnicodeCategory.NonSpacingMark && word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }
        if (word.Length > 0)
            yield return word.ToString();
    }

    /// <summary>What is indexed of an item: while it is the same, the item need not be indexed again.</summary>
    public static string TextsOf(SearchItem item) => string.Join(
        '\n',
        string.Join(' ', WordsOf(item.Title)),
        string.Join(' ', item.Words.Append(item.Owner ?? "").Concat(item.Tags.Select(tag => $"{tag.Key} {tag.Value}")).SelectMany(WordsOf)),
        string.Join(' ', WordsOf(item.Description)));

    /// <summary>Puts an item in the place of the one with the same key.</summary>
    public void Set(string key, string texts)
    {
        var document = new Document { new StringField(Key, key, Field.Store.YES) };
        foreach (var (text, (field, _)) in texts.Split('\n').Zip(Fields))
            document.Add(new TextField(field, text, Field.Store.NO));
        _writer.UpdateDocument(new Term(Key, key), document);
    }

    /// <summary>Takes an item out.</summary>
    public void Remove(string key) => _writer.DeleteDocuments(new Term(Key, key));

    /// <summary>Shows to searches what was changed.</summary>
    public void Refresh() => _searchers.MaybeRefreshBlocking();

    /// <summary>The items that have every word of a text somewhere, or its beginning, or one that differs by a typo, each with its score.</summary>
    public IReadOnlyDictionary<string, double> Find(string text)
    {
        var query = new BooleanQuery();
        foreach (var word in WordsOf(text).Take(MaxWords))
            query.Add(Of(word), Occur.MUST);
        var found = new Dictionary<string, double>(StringComparer.Ordinal);
        if (query.Clauses.Count == 0)
            return found;
        var searcher = _searchers.Acquire();
        try
        {
            var hits = searcher.Search(query, Math.Max(1, searcher.IndexReader.NumDocs));
            foreach (var hit in hits.ScoreDocs)
                found[searcher.Doc(hit.Doc).Get(Key)] = hit.Score;
        }
        finally
        {
            _searchers.Release(searcher);
        }
        return found;
    }

    public void Dispose()
    {
        _searchers.Dispose();
        _writer.Dispose();
        _directory.Dispose();
    }

    private static DisjunctionMaxQuery Of(string word)
    {
        var ways = new DisjunctionMaxQuery(0.1f);
        foreach (var (field, boost) in Fields)
        {
            var term = new Term(field, word);
            ways.Add(new TermQuery(term) { Boost = boost * 4 });
            ways.Add(new PrefixQuery(term) { Boost = boost * 2 });
            // One typo in a word of four letters, two in one of eight; the first letter is right.
            if (word.Length >= 4)
                ways.Add(new FuzzyQuery(term, word.Length >= 8 ? 2 : 1, prefixLength: 1) { Boost = boost });
        }
        return ways;
    }
}
