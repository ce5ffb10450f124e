using System.Buffers.Text;
using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Search;

namespace Larder.Registry.Tests.Search;

/// <summary>The grammar of filters and orders, and pages of what they find.</summary>
public sealed class SearchTests
{
    private static readonly Loaf[] Loaves =
    [
        new("rye", 1, 0.9, "dark", ["bakery", "market"]),
        new("spelt", 2, 0.5, "Light", ["market"]),
        new("wheat", 3, double.NaN, "it's 50%", []),
        new("oat", 4, null, null, ["mill_1"]),
    ];

    [Theory]
    [InlineData("", "rye spelt wheat oat")]
    [InlineData("  ", "rye spelt wheat oat")]
    [InlineData("name = 'rye'", "rye")]
    [InlineData("name == \"rye\"", "rye")]
    [InlineData("name='rye'", "rye")]
    [InlineData("`name` = 'rye'", "rye")]
    [InlineData("name != 'rye'", "spelt wheat oat")]
    [InlineData("name <> 'rye'", "spelt wheat oat")]
    [InlineData("metrics.score > 0.5", "rye")]
    [InlineData("metrics.score >= 0.5", "rye spelt")]
    [InlineData("metrics.score < 9e-1", "spelt")]
    [InlineData("metrics.score <= .9", "rye spelt")]
    [InlineData("metrics.score>-1", "rye spelt")]
    [InlineData("metrics.score = 0.9", "rye")]
    [InlineData("metrics.score != 0.9", "spelt")]
    [InlineData("metrics.score IN (0.9, 0.5)", "rye spelt")]
    [InlineData("metrics.score NOT IN (0.9)", "spelt wheat")]
    [InlineData("metrics.score IS NULL", "oat")]
    [InlineData("metrics.score is not null", "rye spelt wheat")]
    [InlineData("tags.colour LIKE 'd%'", "rye")]
    [InlineData("tags.colour LIKE 'l%'", "")]
    [InlineData("tags.colour ILIKE 'l%'", "spelt")]
    [InlineData("tags.colour LIKE '_ark'", "rye")]
    [InlineData("tags.colour NOT LIKE 'd%'", "spelt wheat")]
    [InlineData("tags.colour != 'dark'", "spelt wheat")]
    [InlineData("tags.colour = 'it''s 50%'", "wheat")]
    [InlineData("tags.colour IS NULL", "oat")]
    [InlineData("tags.`the colour` = 'dark'", "rye")]
    [InlineData("tags.\"the colour\" = 'dark'", "rye")]
    [InlineData("tags.no.such.key = 'x'", "")]
    [InlineData("name IN ('rye', 'oat')", "rye oat")]
    [InlineData("name not in ('rye', 'oat')", "spelt wheat")]
    [InlineData("sold = 'market'", "rye spelt")]
    [InlineData("sold LIKE 'mill_1'", "oat")]
    [InlineData("sold IS NULL", "wheat")]
    [InlineData("name = 'rye' AND metrics.score > 0.5", "rye")]
    [InlineData("name = 'rye' and metrics.score > 1", "")]
    [InlineData("name = 'rye' OR name = 'oat'", "rye oat")]
    [InlineData("name = 'rye' OR name = 'oat' AND tags.colour = 'dark'", "rye")]
    [InlineData("(name = 'rye' OR name = 'oat') AND tags.colour IS NULL", "oat")]
    [InlineData("NOT name = 'rye'", "spelt wheat oat")]
    [InlineData("NOT NOT name = 'rye'", "rye")]
    [InlineData("NOT (tags.colour = 'dark' OR number > 3)", "spelt wheat")]
    public void A_filter_finds_what_fits(string filter, string found) => Assert.Equal(found, Names(filter));

    [Theory]
    [InlineData("name", 5)]
    [InlineData("name =", 7)]
    [InlineData("name = 'rye", 8)]
    [InlineData("name = 'rye' AND", 17)]
    [InlineData("name = 'rye' XOR name = 'oat'", 14)]
    [InlineData("name = 'rye' name = 'oat'", 14)]
    [InlineData("(name = 'rye'", 14)]
    [InlineData("name = 'rye')", 13)]
    [InlineData("name IN ()", 10)]
    [InlineData("name IN 'rye'", 9)]
    [InlineData("name = rye", 8)]
    [InlineData("name = 5", 8)]
    [InlineData("name > 'rye'", 6)]
    [InlineData("metrics.score = 'high'", 17)]
    [InlineData("metrics.score LIKE 'high'", 20)]
    [InlineData("name = 'rye' AND crust = 'x'", 18)]
    [InlineData("recipes.x = 'x'", 1)]
    [InlineData("name ! 'rye'", 6)]
    [InlineData("name = 'rye'; DROP", 13)]
    [InlineData("AND", 1)]
    [InlineData("5 = 5", 1)]
    public void A_wrong_filter_is_refused_with_the_position(string filter, int position)
    {
        var refused = Assert.Throws<InvalidRequestException>(() => Names(filter));

        Assert.EndsWith($"(at character {position})", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name = rye", "unexpected field `rye`, expected a number or a quoted string")]
    [InlineData("name = 5", "Expected a quoted string value for attribute 'name' (e.g. 'my-value'). Got value 5")]
    [InlineData("metrics.score = 'high'", "Expected numeric value type for metric 'score'. Found 'high'")]
    [InlineData("name > 'rye'", "Invalid comparator for attribute 'name': it takes =, !=, LIKE, ILIKE, IN, NOT IN, IS NULL")]
    [InlineData("crust = 'x'", "There is no crust")]
    [InlineData("name = 'rye", "a quote is not closed")]
    public void A_refusal_says_what_is_wrong(string filter, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<InvalidRequestException>(() => Names(filter)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_filter_that_is_long_or_deep_is_refused_before_it_is_parsed()
    {
        var deep = string.Concat(Enumerable.Repeat("(", 60)) + "name = 'rye'" + string.Concat(Enumerable.Repeat(")", 60));
        Assert.Contains("parentheses", Assert.Throws<InvalidRequestException>(() => Names(deep)).Message, StringComparison.Ordinal);
        Assert.Contains("20000", Assert.Throws<InvalidRequestException>(() => Names(new string(' ', 20_000) + "a")).Message, StringComparison.Ordinal);
        Assert.Equal("rye", Names($"{new string('(', 50)}name = 'rye'{new string(')', 50)}"));
        Assert.Equal("rye", Names(string.Join(" OR ", Enumerable.Repeat("name = 'rye'", 1000))));
    }

    [Theory]
    [InlineData("", "rye spelt wheat oat")]
    [InlineData("number", "rye spelt wheat oat")]
    [InlineData("number ASC", "rye spelt wheat oat")]
    [InlineData("number desc", "oat wheat spelt rye")]
    [InlineData("name", "oat rye spelt wheat")]
    [InlineData("metrics.score", "spelt rye wheat oat")]
    [InlineData("metrics.`score` DESC", "rye spelt wheat oat")]
    [InlineData("tags.colour DESC", "wheat rye spelt oat")]
    [InlineData("metrics.none, number DESC", "oat wheat spelt rye")]
    public void What_is_found_is_ordered_by_the_keys_with_NaN_behind_numbers_and_nothing_last(string order, string found) =>
        Assert.Equal(found, Names("", order.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));

    [Theory]
    [InlineData("name SIDEWAYS", 6)]
    [InlineData("crust", 1)]
    [InlineData("name ASC DESC", 10)]
    [InlineData("", 1)]
    [InlineData("sold", 1)]
    public void A_wrong_order_is_refused_with_the_position(string order, int position) =>
        Assert.EndsWith($"(at character {position})", Assert.Throws<InvalidRequestException>(() => Names("", order)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("number DESC")]
    [InlineData("metrics.score")]
    [InlineData("tags.colour DESC")]
    [InlineData("name")]
    public void Pages_together_are_the_whole_list(string order)
    {
        var query = new SearchQuery<Loaf>(new LoafSchema(), "", [order]);
        var whole = query.Page(Loaves, 10, null);
        Assert.Null(whole.Cursor);

        var (paged, token) = (new List<Loaf>(), (string?)null);
        do
        {
            var page = query.Page(Loaves.Reverse(), 1, token);
            paged.Add(Assert.Single(page.Items));
            token = page.Cursor;
        }
        while (token is not null);

        Assert.Equal(whole.Items, paged);
    }

    [Fact]
    public void Whatever_is_written_between_pages_no_other_item_is_skipped_or_shown_twice()
    {
        var random = new Random(15);
        var kept = Enumerable.Range(0, 200).Select(i => new Loaf($"kept{i:000}", random.Next(20), null, null, [])).ToList();
        for (var round = 0; round < 20; round++)
        {
            var query = new SearchQuery<Loaf>(new LoafSchema(), "number < 15", ["number DESC"]);
            var (seen, token) = (new List<string>(), (string?)null);
            do
            {
                var others = Enumerable.Range(0, random.Next(100)).Select(i => new Loaf($"other{random.Next(1000)}-{i}", random.Next(20), null, null, []));
                var page = query.Page(kept.Concat(others).OrderBy(_ => random.Next()), random.Next(1, 40), token);
                seen.AddRange(page.Items.Select(loaf => loaf.Name).Where(name => name.StartsWith("kept", StringComparison.Ordinal)));
                token = page.Cursor;
            }
            while (token is not null);

            Assert.Equal(kept.Where(loaf => loaf.Number < 15).OrderByDescending(loaf => loaf.Number).ThenBy(loaf => loaf.Name).Select(loaf => loaf.Name), seen);
        }
    }

    [Fact]
    public void A_token_is_refused_that_this_search_did_not_give()
    {
        var query = new SearchQuery<Loaf>(new LoafSchema(), "number > 0", ["name"]);
        var token = query.Page(Loaves, 1, null).Cursor!;
        var other = new SearchQuery<Loaf>(new LoafSchema(), "number > 1", ["name"]);
        var json = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));

        Assert.Equal("rye", Assert.Single(query.Page(Loaves, 1, token).Items).Name);
        Assert.All(
            [
                "", "x", "eyJvZmZzZXQiOjF9", "%%%", token[..^3], token + "x", Encoded("search:null"), Encoded("search:{}"),
                Encoded(json.Replace("\"Text\":\"oat\"", "\"Text\":null", StringComparison.Ordinal)),
                Encoded(json.Replace("\"Keys\":[", "\"Keys\":[{\"Rank\":0,\"Number\":1,\"Text\":null},", StringComparison.Ordinal)),
            ],
            wrong => Assert.Throws<InvalidRequestException>(() => query.Page(Loaves, 1, wrong)));
        Assert.Throws<InvalidRequestException>(() => other.Page(Loaves, 1, token));

        static string Encoded(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
    }

    private static string Names(string filter, params IReadOnlyList<string> order) =>
        string.Join(' ', new SearchQuery<Loaf>(new LoafSchema(), filter, order).Page(Loaves, 100, null).Items.Select(loaf => loaf.Name));

    private sealed record Loaf(string Name, int Number, double? Score, string? Colour, IReadOnlyList<string> Sold);

    private sealed class LoafSchema : SearchSchema<Loaf>
    {
        public override IReadOnlyList<string> NaturalOrder => ["number"];

        public override SearchField<Loaf> Field(string? entity, string key) => (entity, key) switch
        {
            (null, "name") => new TextField<Loaf>(loaf => loaf.Name) { What = "attribute" },
            (null, "number") => new NumberField<Loaf>(loaf => loaf.Number) { What = "attribute" },
            (null, "sold") => new TextsField<Loaf>(loaf => loaf.Sold) { What = "attribute" },
            ("metrics", _) => new NumberField<Loaf>(loaf => key == "score" ? loaf.Score : null) { What = "metric" },
            ("tags", _) => new TextField<Loaf>(loaf => key is "colour" or "the colour" ? loaf.Colour : null) { What = "tag" },
            _ => throw new InvalidRequestException($"There is no {entity}{key}"),
        };

        public override string IdOf(Loaf item) => item.Name;
    }
}
