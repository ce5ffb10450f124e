using System.Collections.Concurrent;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Storage;

/// <summary>What every document store must do. Each store has a class that inherits these tests.</summary>
public abstract class DocumentStoreContract
{
    private static readonly DocumentCollection<Note> Notes = RegistryJson.Collection<Note>("notes");

    /// <summary>A store with nothing in it. Called twice with one account, it gives two hosts' stores on the same documents.</summary>
    protected abstract Task<IDocumentStore> OpenAsync(string account);

    protected abstract string NewAccount();

    /// <summary>Stores a note as the bytes that another release wrote; the partition and id are plain letters.</summary>
    protected abstract Task PlantAsync(string account, string partition, string id, string json);

    private Task<IDocumentStore> OpenAsync() => OpenAsync(NewAccount());

    [Fact]
    public async Task What_was_created_is_read_back()
    {
        var store = await OpenAsync();
        var etag = await store.CreateAsync(Notes, "p", "i", new Note("bread", 3));

        var read = await store.GetAsync(Notes, "p", "i");

        Assert.Equal(new Document<Note>("p", "i", etag, new Note("bread", 3)), read);
    }

    [Fact]
    public async Task What_was_never_written_reads_as_nothing()
    {
        var store = await OpenAsync();
        Assert.Null(await store.GetAsync(Notes, "p", "i"));
        Assert.Empty((await store.ListAsync(Notes, "p", 10)).Documents);
        Assert.Null((await store.ScanAsync(Notes, 10)).Continuation);
    }

    [Fact]
    public async Task Creating_twice_conflicts_and_leaves_the_first()
    {
        var store = await OpenAsync();
        await store.CreateAsync(Notes, "p", "i", new Note("first"));

        await Assert.ThrowsAsync<DocumentExistsException>(() => store.CreateAsync(Notes, "p", "i", new Note("second")));

        Assert.Equal("first", (await store.GetAsync(Notes, "p", "i"))!.Value.Text);
    }

    [Fact]
    public async Task Of_many_who_create_one_document_one_succeeds()
    {
        var store = await OpenAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            try
            {
                await store.CreateAsync(Notes, "p", "i", new Note("mine", i));
                return i;
            }
            catch (DocumentExistsException)
            {
                return -1;
            }
        }));

        var winner = Assert.Single(outcomes, i => i >= 0);
        Assert.Equal(winner, (await store.GetAsync(Notes, "p", "i"))!.Value.Number);
    }

    [Fact]
    public async Task Replacing_what_was_read_gives_it_another_etag()
    {
        var store = await OpenAsync();
        var first = await store.CreateAsync(Notes, "p", "i", new Note("first"));

        var second = await store.ReplaceAsync(Notes, "p", "i", new Note("second"), first);

        Assert.NotEqual(first, second);
        var read = await store.GetAsync(Notes, "p", "i");
        Assert.Equal(("second", second), (read!.Value.Text, read.ETag));
    }

    [Fact]
    public async Task Replacing_what_has_changed_since_is_refused()
    {
        var store = await OpenAsync();
        var first = await store.CreateAsync(Notes, "p", "i", new Note("first"));
        await store.ReplaceAsync(Notes, "p", "i", new Note("second"), first);

        await Assert.ThrowsAsync<ETagMismatchException>(() => store.ReplaceAsync(Notes, "p", "i", new Note("third"), first));

        Assert.Equal("second", (await store.GetAsync(Notes, "p", "i"))!.Value.Text);
    }

    [Fact]
    public async Task Replacing_what_is_gone_is_refused_and_brings_nothing_back()
    {
        var store = await OpenAsync();
        var etag = await store.CreateAsync(Notes, "p", "i", new Note("first"));
        await store.DeleteAsync(Notes, "p", "i", etag);

        await Assert.ThrowsAsync<ETagMismatchException>(() => store.ReplaceAsync(Notes, "p", "i", new Note("second"), etag));

        Assert.Null(await store.GetAsync(Notes, "p", "i"));
    }

    [Fact]
    public async Task Writing_the_same_content_again_still_changes_the_etag()
    {
        var store = await OpenAsync();
        var first = await store.CreateAsync(Notes, "p", "i", new Note("same"));
        var second = await store.ReplaceAsync(Notes, "p", "i", new Note("same"), first);
        await Assert.ThrowsAsync<ETagMismatchException>(() => store.ReplaceAsync(Notes, "p", "i", new Note("other"), first));
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Deleting_what_was_read_removes_it_once()
    {
        var store = await OpenAsync();
        var etag = await store.CreateAsync(Notes, "p", "i", new Note("first"));

        Assert.True(await store.DeleteAsync(Notes, "p", "i", etag));
        Assert.False(await store.DeleteAsync(Notes, "p", "i", etag));
        Assert.Null(await store.GetAsync(Notes, "p", "i"));
    }

    [Fact]
    public async Task Deleting_what_has_changed_since_is_refused()
    {
        var store = await OpenAsync();
        var first = await store.CreateAsync(Notes, "p", "i", new Note("first"));
        await store.ReplaceAsync(Notes, "p", "i", new Note("second"), first);

        await Assert.ThrowsAsync<ETagMismatchException>(() => store.DeleteAsync(Notes, "p", "i", first));

        Assert.NotNull(await store.GetAsync(Notes, "p", "i"));
    }

    [Fact]
    public async Task What_was_deleted_can_be_created_again()
    {
        var store = await OpenAsync();
        var first = await store.CreateAsync(Notes, "p", "i", new Note("first"));
        await store.DeleteAsync(Notes, "p", "i", first);

        var second = await store.CreateAsync(Notes, "p", "i", new Note("second"));

        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Any_unicode_is_a_partition_and_an_id()
    {
        string[] names =
        [
            "plain", "PLAIN", "a/b", "a\\b", "a?b", "a#b", "a%b", "a%2Fb", "/", "\\", "?", "#", "%", "!", "~", "~2F", ".", "..", "a.", ".a", "a/", "/a",
            "//", " ", " a ", "+", "a&b=c", "'\"<>|*:;,`^{}[]()@$", "tab\tnew\nline\0nul", "ä", "a\u0308", "日本語", "👩‍🚀", "\u202Eabc", new('x', 400),
        ];
        var account = NewAccount();
        var store = await OpenAsync(account);
        foreach (var name in names)
            await store.CreateAsync(Notes, name, $"{name}-id", new Note(name));
        foreach (var name in names)
            await store.CreateAsync(Notes, "one", name, new Note(name));

        foreach (var name in names)
        {
            Assert.Equal(name, (await store.GetAsync(Notes, name, $"{name}-id"))?.Value.Text);
            Assert.Equal(name, (await store.GetAsync(Notes, "one", name))?.Value.Text);
            var alone = Assert.Single((await (await OpenAsync(account)).ListAsync(Notes, name, 10)).Documents);
            Assert.Equal((name, $"{name}-id", name), (alone.Partition, alone.Id, alone.Value.Text));
        }

        var together = (await store.ListAsync(Notes, "one", 1000)).Documents;
        Assert.Equal(names.Order(StringComparer.Ordinal), together.Select(d => d.Id).Order(StringComparer.Ordinal));
        Assert.All(together, d => Assert.Equal(d.Id, d.Value.Text));
    }

    [Fact]
    public async Task A_name_too_long_to_store_is_refused()
    {
        var store = await OpenAsync();
        await Assert.ThrowsAsync<InvalidRequestException>(() => store.CreateAsync(Notes, "p", new string('é', 400), new Note("long")));
    }

    [Fact]
    public async Task A_list_goes_by_id_and_keeps_to_its_partition()
    {
        var store = await OpenAsync();
        string[] ids = ["0000000010", "0000000009", "b", "B", "a-b", "a.b", "a_b", "a", "ab", "a2"];
        foreach (var id in ids)
            await store.CreateAsync(Notes, "p", id, new Note(id));
        foreach (var neighbour in new[] { "p-", "p!", "pp", "P", "o" })
            await store.CreateAsync(Notes, neighbour, "other", new Note("other"));

        var listed = await store.ListAsync(Notes, "p", 100);

        Assert.Equal(ids.Order(StringComparer.Ordinal), listed.Documents.Select(d => d.Id));
        Assert.Null(listed.Continuation);
    }

    [Fact]
    public async Task A_scan_goes_by_partition_and_then_by_id()
    {
        var store = await OpenAsync();
        string[] partitions = ["iris2", "iris.2", "iris-2", "iris", "Iris", "iris_2", "a"];
        foreach (var partition in partitions)
        {
            await store.CreateAsync(Notes, partition, "2", new Note(partition));
            await store.CreateAsync(Notes, partition, "1", new Note(partition));
        }

        var scanned = new List<(string, string)>();
        string? continuation = null;
        do
        {
            var page = await store.ScanAsync(Notes, 3, continuation);
            Assert.InRange(page.Documents.Count, 0, 3);
            scanned.AddRange(page.Documents.Select(d => (d.Partition, d.Id)));
            continuation = page.Continuation;
        }
        while (continuation is not null);

        Assert.Equal(partitions.Order(StringComparer.Ordinal).SelectMany(p => new[] { (p, "1"), (p, "2") }), scanned);
    }

    [Fact]
    public async Task Collections_do_not_mix()
    {
        var store = await OpenAsync();
        var others = RegistryJson.Collection<Note>("others");
        await store.CreateAsync(Notes, "p", "i", new Note("note"));
        await store.CreateAsync(others, "p", "i", new Note("other"));

        Assert.Equal("note", Assert.Single((await store.ScanAsync(Notes, 10)).Documents).Value.Text);
        Assert.Equal("other", (await store.GetAsync(others, "p", "i"))!.Value.Text);
    }

    [Fact]
    public async Task Paging_gives_what_stays_exactly_once_whatever_is_written_meanwhile()
    {
        var store = await OpenAsync();
        var etags = new Dictionary<string, string>();
        for (var i = 0; i < 60; i++)
            etags[$"{i:D3}"] = await store.CreateAsync(Notes, "p", $"{i:D3}", new Note("stays"));

        var seen = new List<string>();
        string? continuation = null;
        var page = 0;
        do
        {
            var read = await store.ListAsync(Notes, "p", 7, continuation);
            seen.AddRange(read.Documents.Select(d => d.Id));
            continuation = read.Continuation;

            // Around where the next page begins, before it and after it: new ones, and every tenth document goes or changes.
            await store.CreateAsync(Notes, "p", $"{page:D3}-new-before", new Note("new"));
            await store.CreateAsync(Notes, "p", $"{(page * 7) + 6:D3}-new-here", new Note("new"));
            await store.CreateAsync(Notes, "p", $"{59 - page:D3}-new-after", new Note("new"));
            var victim = $"{page * 10 % 60:D3}";
            if (etags.Remove(victim, out var etag))
                await store.DeleteAsync(Notes, "p", victim, etag);
            var changed = $"{(page * 10 % 60) + 5:D3}";
            etags[changed] = await store.ReplaceAsync(Notes, "p", changed, new Note("changed"), etags[changed]);
            page++;
        }
        while (continuation is not null && page < 50);

        Assert.Null(continuation);
        Assert.Equal(seen.Distinct(), seen);
        Assert.Empty(etags.Keys.Except(seen));
    }

    [Fact]
    public async Task A_scan_gives_what_stays_exactly_once_whatever_is_written_meanwhile()
    {
        var store = await OpenAsync();
        var etags = new Dictionary<string, string>();
        for (var i = 0; i < 40; i++)
            etags[$"{i / 2:D3}/{i % 2}"] = await store.CreateAsync(Notes, $"{i / 2:D3}", $"{i % 2}", new Note("stays"));

        var seen = new List<string>();
        string? continuation = null;
        var page = 0;
        do
        {
            var read = await store.ScanAsync(Notes, 5, continuation);
            seen.AddRange(read.Documents.Select(d => $"{d.Partition}/{d.Id}"));
            continuation = read.Continuation;

            // New partitions and new documents in old ones, around where the next page begins; one goes, one changes.
            await store.CreateAsync(Notes, $"{page:D3}-new", "0", new Note("new"));
            await store.CreateAsync(Notes, $"{((page * 5) + 4) / 2:D3}", $"0-new-{page}", new Note("new"));
            var victim = $"{page * 4 % 20:D3}/0";
            if (etags.Remove(victim, out var etag))
                await store.DeleteAsync(Notes, victim[..3], "0", etag);
            var changed = $"{(page * 4 % 20) + 1:D3}/1";
            etags[changed] = await store.ReplaceAsync(Notes, changed[..3], "1", new Note("changed"), etags[changed]);
            page++;
        }
        while (continuation is not null && page < 100);

        Assert.Null(continuation);
        Assert.Equal(seen.Distinct(), seen);
        Assert.Empty(etags.Keys.Except(seen));
    }

    [Fact]
    public async Task A_continuation_is_good_in_another_host()
    {
        var account = NewAccount();
        var (one, two) = (await OpenAsync(account), await OpenAsync(account));
        for (var i = 0; i < 10; i++)
            await one.CreateAsync(Notes, "p", $"{i}", new Note("note"));

        var first = await one.ListAsync(Notes, "p", 6);
        var second = await two.ListAsync(Notes, "p", 6, first.Continuation);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), first.Documents.Concat(second.Documents).Select(d => d.Id));
    }

    [Theory]
    [InlineData("not a continuation")]
    [InlineData("{}")]
    [InlineData("é")]
    public async Task A_continuation_that_is_none_is_refused(string continuation)
    {
        var store = await OpenAsync();
        await Assert.ThrowsAsync<InvalidRequestException>(() => store.ListAsync(Notes, "p", 10, continuation));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5001)]
    public async Task A_page_size_out_of_range_is_refused(int limit)
    {
        var store = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.ListAsync(Notes, "p", limit));
    }

    [Fact]
    public async Task A_list_shows_what_another_host_wrote_last()
    {
        var account = NewAccount();
        var (one, two) = (await OpenAsync(account), await OpenAsync(account));
        var etag = await one.CreateAsync(Notes, "p", "i", new Note("first"));
        Assert.Equal("first", Assert.Single((await one.ListAsync(Notes, "p", 10)).Documents).Value.Text);

        etag = await two.ReplaceAsync(Notes, "p", "i", new Note("second"), etag);
        var changed = Assert.Single((await one.ListAsync(Notes, "p", 10)).Documents);
        Assert.Equal(("second", etag), (changed.Value.Text, changed.ETag));

        await two.DeleteAsync(Notes, "p", "i", etag);
        Assert.Empty((await one.ListAsync(Notes, "p", 10)).Documents);
    }

    [Fact]
    public async Task An_etag_from_a_list_is_good_for_a_write()
    {
        var store = await OpenAsync();
        await store.CreateAsync(Notes, "p", "i", new Note("first"));
        for (var i = 0; i < 3; i++)
        {
            var listed = Assert.Single((await store.ListAsync(Notes, "p", 10)).Documents);
            await store.ReplaceAsync(Notes, "p", "i", listed.Value with { Number = i }, listed.ETag);
        }

        Assert.Equal(2, (await store.GetAsync(Notes, "p", "i"))!.Value.Number);
    }

    [Fact]
    public async Task A_document_of_a_megabyte_is_no_trouble()
    {
        var store = await OpenAsync();
        var text = string.Concat(Enumerable.Repeat("0123456789abcde\n", 1024 * 1024 / 16));
        await store.CreateAsync(Notes, "p", "i", new Note(text));

        Assert.Equal(text, (await store.GetAsync(Notes, "p", "i"))!.Value.Text);
        Assert.Equal(text, Assert.Single((await store.ListAsync(Notes, "p", 10)).Documents).Value.Text);
    }

    [Fact]
    public async Task Of_64_writers_on_one_document_none_loses_an_update()
    {
        var account = NewAccount();
        var stores = new[] { await OpenAsync(account), await OpenAsync(account) };
        await stores[0].CreateAsync(Notes, "p", "i", new Note("count"));
        var numbers = new ConcurrentBag<int>();

        await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            var store = stores[i % stores.Length];
            while (true)
            {
                var read = (await store.GetAsync(Notes, "p", "i"))!;
                try
                {
                    await store.ReplaceAsync(Notes, "p", "i", read.Value with { Number = read.Value.Number + 1 }, read.ETag);
                    numbers.Add(read.Value.Number + 1);
                    return;
                }
                catch (ETagMismatchException)
                {
                    await Task.Delay(Random.Shared.Next(1, 50));
                }
            }
        }));

        Assert.Equal(Enumerable.Range(1, 64), numbers.Order());
        Assert.Equal(64, (await stores[0].GetAsync(Notes, "p", "i"))!.Value.Number);
    }

    [Fact]
    public async Task What_a_release_wrote_that_had_no_formats_is_read_and_written()
    {
        var account = NewAccount();
        var store = await OpenAsync(account);
        await PlantAsync(account, "p", "i", """{"text":"old","number":3}""");

        var read = (await store.GetAsync(Notes, "p", "i"))!;
        Assert.Equal(new Note("old", 3), read.Value);
        Assert.Equal(read, Assert.Single((await store.ListAsync(Notes, "p", 10)).Documents));

        await store.ReplaceAsync(Notes, "p", "i", read.Value with { Number = 4 }, read.ETag);
        Assert.Equal(4, (await store.GetAsync(Notes, "p", "i"))!.Value.Number);
    }

    [Fact]
    public async Task What_a_newer_release_has_written_is_refused_with_a_sentence_and_stays()
    {
        var account = NewAccount();
        var store = await OpenAsync(account);
        var newer = await OpenAsync(account);
        var etag = await newer.CreateAsync(Notes with { Format = 2 }, "p", "i", new Note("new", 7));

        var refusals = new[]
        {
            await Assert.ThrowsAsync<NewerDocumentException>(() => store.GetAsync(Notes, "p", "i")),
            await Assert.ThrowsAsync<NewerDocumentException>(() => store.ListAsync(Notes, "p", 10)),
            await Assert.ThrowsAsync<NewerDocumentException>(() => store.ScanAsync(Notes, 10)),
        };

        Assert.All(refusals, refused => Assert.Matches("newer release of Larder.*notes.*format 2.*knows 1.*upgrade", refused.Message));
        await Assert.ThrowsAsync<DocumentExistsException>(() => store.CreateAsync(Notes, "p", "i", new Note("old")));
        Assert.Equal(new Document<Note>("p", "i", etag, new Note("new", 7)), await newer.GetAsync(Notes with { Format = 2 }, "p", "i"));
    }

    [Fact]
    public async Task What_was_read_before_a_newer_release_wrote_it_cannot_be_written_any_more()
    {
        var account = NewAccount();
        var (store, newer) = (await OpenAsync(account), await OpenAsync(account));
        var first = await store.CreateAsync(Notes, "p", "i", new Note("old"));
        // A newer release reads what an older one has written.
        var read = (await newer.GetAsync(Notes with { Format = 2 }, "p", "i"))!;
        await newer.ReplaceAsync(Notes with { Format = 2 }, "p", "i", read.Value with { Text = "new" }, read.ETag);

        await Assert.ThrowsAsync<ETagMismatchException>(() => store.ReplaceAsync(Notes, "p", "i", new Note("older"), first));
        await Assert.ThrowsAsync<ETagMismatchException>(() => store.DeleteAsync(Notes, "p", "i", first));

        Assert.Equal("new", (await newer.GetAsync(Notes with { Format = 2 }, "p", "i"))!.Value.Text);
    }

    [Fact]
    public async Task A_document_without_members_has_a_format_too()
    {
        var account = NewAccount();
        var store = await OpenAsync(account);
        var empty = RegistryJson.Collection<Nothing>("notes") with { Format = 3 };
        await store.CreateAsync(empty, "p", "i", new Nothing());

        Assert.NotNull(await store.GetAsync(empty, "p", "i"));
        await Assert.ThrowsAsync<NewerDocumentException>(() => store.GetAsync(empty with { Format = 2 }, "p", "i"));
    }

    public sealed record Nothing;

    public sealed record Note(string Text, int Number = 0);
}
