using System.Security.Cryptography;
using System.Text;
using Larder.Registry.Errors;
using Larder.Testing;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

/// <summary>What artifacts of runs must do on every store.</summary>
public abstract class ArtifactContract : TrackingTests
{
    private static readonly TimeSpan Later = TimeSpan.FromDays(2);

    [Fact]
    public async Task Files_are_listed_a_level_at_a_time_and_read_on_every_host()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = (await CreateRunAsync(host)).Id;
        string[] paths = ["model/MLmodel", "model/model.onnx", "model/code/a.py", "notes.txt", "model/code/deep/b.py"];
        foreach (var path in paths)
            await PutAsync(host, run, path, $"bytes of {path}");

        Assert.Equal(["model/", "notes.txt"], await LevelAsync(other, run, ""));
        Assert.Equal(["model/MLmodel", "model/code/", "model/model.onnx"], await LevelAsync(other, run, "model"));
        Assert.Equal(["model/code/a.py", "model/code/deep/"], await LevelAsync(other, run, "model/code"));
        Assert.Empty(await LevelAsync(other, run, "notes.txt"));
        Assert.Empty(await LevelAsync(other, run, "nothing"));
        Assert.Equal(paths.Order(), await AllAsync(other, run, ""));
        Assert.Equal(["model/code/a.py", "model/code/deep/b.py"], await AllAsync(other, run, "model/code"));
        foreach (var path in paths)
            Assert.Equal($"bytes of {path}", await ReadAsync(other, run, path));

        var file = (await other.Artifacts.FindAsync(run, ArtifactPath.Parse("model/MLmodel")))!;
        Assert.Equal((22, Convert.ToHexStringLower(SHA256.HashData("bytes of model/MLmodel"u8)), Time.GetUtcNow()), (file.SizeBytes, file.Sha256, file.Time));
        Assert.True((await other.Artifacts.FindAsync(run, ArtifactPath.Parse("model")))!.IsFolder);
        Assert.Null(await other.Artifacts.FindAsync(run, ArtifactPath.Parse("model/none")));
        await using var part = await other.Artifacts.OpenAsync(file, 9, 5);
        Assert.Equal("model", await new StreamReader(part).ReadToEndAsync());
    }

    [Theory]
    [InlineData("with space.txt")]
    [InlineData("100%.txt")]
    [InlineData("a%20b")]
    [InlineData("what?.txt")]
    [InlineData("a#b")]
    [InlineData("ünïcödé/日本/😀.bin")]
    [InlineData("a~b!c")]
    [InlineData("...")]
    [InlineData("..a/b..")]
    [InlineData("trailing.")]
    [InlineData("metrics:loss=1")]
    public async Task Names_may_have_what_is_special_elsewhere(string path)
    {
        var host = await OpenAsync();
        var run = (await CreateRunAsync(host)).Id;

        await PutAsync(host, run, path, "x");

        Assert.Equal("x", await ReadAsync(host, run, path));
        Assert.Equal([path], await AllAsync(host, run, ""));
        Assert.True(await host.Artifacts.DeleteAsync(run, ArtifactPath.Parse(path)));
        Assert.Empty(await AllAsync(host, run, ""));
    }

    [Fact]
    public async Task The_longest_names_are_stored()
    {
        var host = await OpenAsync();
        var run = (await CreateRunAsync(host)).Id;
        var name = string.Concat(Enumerable.Repeat("€", 85));
        var path = $"{name}/{name}/{name}";

        await PutAsync(host, run, path, "x");

        Assert.Equal([$"{name}/"], await LevelAsync(host, run, ""));
        Assert.Equal([path], await AllAsync(host, run, ""));
    }

    [Fact]
    public async Task A_file_replaces_the_one_at_its_path()
    {
        var host = await OpenAsync();
        var run = (await CreateRunAsync(host)).Id;
        await PutAsync(host, run, "a/b", "old");
        Time.Advance(TimeSpan.FromMinutes(1));

        await PutAsync(host, run, "a/b", "newer");

        Assert.Equal("newer", await ReadAsync(host, run, "a/b"));
        var file = Assert.Single((await host.Artifacts.ListAsync(run, ArtifactPath.Parse("a"))).Items);
        Assert.Equal((5, Time.GetUtcNow()), (file.SizeBytes, file.Time));
    }

    [Fact]
    public async Task A_file_is_no_folder_and_a_folder_no_file()
    {
        var host = await OpenAsync();
        var run = (await CreateRunAsync(host)).Id;
        await PutAsync(host, run, "a/b", "x");

        var folder = await Assert.ThrowsAsync<InvalidRequestException>(() => PutAsync(host, run, "a", "y"));
        var file = await Assert.ThrowsAsync<InvalidRequestException>(() => PutAsync(host, run, "a/b/c/d", "y"));
        var root = await Assert.ThrowsAsync<InvalidRequestException>(() => PutAsync(host, run, "", "y"));

        Assert.Equal("Invalid path 'a': it is a folder. Log the file under another name, or delete the folder first.", folder.Message);
        Assert.Equal("Invalid path: 'a/b' is a file, so nothing can be below it. Log under another name, or delete the file first.", file.Message);
        Assert.Equal("Invalid path: a file needs a name.", root.Message);
        Assert.Equal(["a/b"], await AllAsync(host, run, ""));
        Assert.Equal("x", await ReadAsync(host, run, "a/b"));
    }

    [Fact]
    public async Task A_level_comes_in_pages()
    {
        var host = await OpenAsync();
        var run = (await CreateRunAsync(host)).Id;
        var names = Enumerable.Range(0, 7).Select(i => $"f{i}").ToList();
        foreach (var name in names)
            await PutAsync(host, run, $"many/{name}", name);

        var (found, token) = (new List<string>(), (string?)null);
        do
        {
            var page = await host.Artifacts.ListAsync(run, ArtifactPath.Parse("many"), 3, token);
            Assert.InRange(page.Items.Count, 0, 3);
            found.AddRange(page.Items.Select(file => file.Path.Name));
            token = page.Cursor;
            if (token is not null)
                await Assert.ThrowsAsync<InvalidRequestException>(() => host.Artifacts.ListAsync(run, ArtifactPath.Root, 3, token));
        }
        while (token is not null);

        Assert.Equal(names, found);
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Artifacts.ListAsync(run, ArtifactPath.Root, 3, "wrong"));
    }

    [Fact]
    public async Task Pages_under_writes_have_every_file_that_was_there_all_the_time_once()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = (await CreateRunAsync(host)).Id;
        var names = Enumerable.Range(0, 12).Select(i => $"f{i:D2}").ToList();
        foreach (var name in names)
            await PutAsync(host, run, $"many/{name}", name);

        await PagesUnderWrites.HaveAllOnceAsync(
            names,
            async token =>
            {
                var page = await host.Artifacts.ListAsync(run, ArtifactPath.Parse("many"), 3, token);
                return (page.Items.Select(file => file.Path.Name), page.Cursor);
            },
            async i =>
            {
                // Between two that stay, and in the place of one; the one before goes.
                await PutAsync(other, run, $"many/f{i % 12:D2}-late", $"{i}");
                await PutAsync(other, run, $"many/{names[i % 12]}", $"{i}");
                if (i > 0)
                    await other.Artifacts.DeleteAsync(run, ArtifactPath.Parse($"many/f{(i - 1) % 12:D2}-late"));
            });
    }

    [Fact]
    public async Task A_file_or_a_folder_is_deleted_with_all_below()
    {
        var host = await OpenAsync();
        var run = (await CreateRunAsync(host)).Id;
        foreach (var path in (string[])["a/b/c", "a/b/d", "a/e", "f"])
            await PutAsync(host, run, path, path);

        Assert.True(await host.Artifacts.DeleteAsync(run, ArtifactPath.Parse("a/b")));
        Assert.Equal(["a/e", "f"], await AllAsync(host, run, ""));
        Assert.Equal(["a/e"], await LevelAsync(host, run, "a"));
        Assert.False(await host.Artifacts.DeleteAsync(run, ArtifactPath.Parse("a/b")));
        Assert.True(await host.Artifacts.DeleteAsync(run, ArtifactPath.Parse("f")));
        Assert.True(await host.Artifacts.DeleteAsync(run, ArtifactPath.Root));
        Assert.Empty((await host.Documents.ScanAsync(TrackingCollections.Artifacts, 10)).Documents);
    }

    [Fact]
    public async Task What_is_logged_while_its_folder_is_deleted_is_either_gone_or_listed()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = (await CreateRunAsync(host)).Id;
        for (var round = 0; round < 15; round++)
        {
            await PutAsync(host, run, "a/b/first", "x");
            var writes = Enumerable.Range(0, 4).Select(i => PutAsync(host, run, $"a/b/c{i}/file", "x"));
            await Task.WhenAll([other.Artifacts.DeleteAsync(run, ArtifactPath.Parse("a")), .. writes]);

            var listed = await AllAsync(host, run, "");
            for (var i = 0; i < 4; i++)
                Assert.Equal(listed.Contains($"a/b/c{i}/file"), await host.Artifacts.FindAsync(run, ArtifactPath.Parse($"a/b/c{i}/file")) is not null);
        }
    }

    [Fact]
    public async Task Writers_of_one_path_and_of_one_folder_lose_nothing()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = (await CreateRunAsync(host)).Id;

        await Task.WhenAll(Enumerable.Range(0, 16).SelectMany(i => new[]
        {
            PutAsync(i % 2 == 0 ? host : other, run, $"a/b/{i}", $"{i}"),
            PutAsync(i % 2 == 0 ? other : host, run, "a/same", $"{i}"),
        }));

        Assert.Equal(17, (await AllAsync(host, run, "")).Count);
        Assert.InRange(int.Parse(await ReadAsync(host, run, "a/same"), System.Globalization.CultureInfo.InvariantCulture), 0, 15);
    }

    [Fact]
    public async Task A_deleted_run_is_read_and_not_written()
    {
        var host = await OpenAsync();
        var run = (await CreateRunAsync(host)).Id;
        await PutAsync(host, run, "a", "x");
        await host.Runs.DeleteAsync(run);

        Assert.Equal("x", await ReadAsync(host, run, "a"));
        var expected = $"The run {run} must be in the 'active' state. Current state is deleted.";
        Assert.Equal(expected, (await Assert.ThrowsAsync<InvalidRequestException>(() => PutAsync(host, run, "b", "x"))).Message);
        Assert.Equal(expected, (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Artifacts.DeleteAsync(run, ArtifactPath.Parse("a")))).Message);
        const string None = "0123456789abcdef0123456789abcdef";
        await Assert.ThrowsAsync<NotFoundException>(() => PutAsync(host, None, "b", "x"));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Artifacts.ListAsync(None, ArtifactPath.Root));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Artifacts.FindAsync(None, ArtifactPath.Parse("a")));
        await Assert.ThrowsAsync<NotFoundException>(() => AllAsync(host, None, ""));
    }

    [Fact]
    public async Task Bytes_stay_while_a_run_names_them_and_go_when_it_was_deleted_for_good()
    {
        var host = await OpenAsync();
        var (first, second) = ((await CreateRunAsync(host)).Id, (await CreateRunAsync(host)).Id);
        var own = (await PutAsync(host, first, "own", "own")).Sha256!;
        var shared = (await PutAsync(host, first, "a/b/shared", "shared")).Sha256!;
        await PutAsync(host, second, "shared too", "shared");
        var replaced = (await PutAsync(host, second, "other", "old")).Sha256!;
        await PutAsync(host, second, "other", "new");

        await SweepAsync(host);
        Assert.Equal((true, true, false), (await IsStoredAsync(host, own), await IsStoredAsync(host, shared), await IsStoredAsync(host, replaced)));

        await host.Runs.DeleteAsync(first);
        await SweepAsync(host);
        Assert.Equal("own", await ReadAsync(host, first, "own"));

        await host.Runs.PurgeAsync(first);
        Assert.DoesNotContain((await host.Documents.ScanAsync(TrackingCollections.Artifacts, 100)).Documents, document => document.Partition.StartsWith(first, StringComparison.Ordinal));
        await SweepAsync(host);
        Assert.Equal((false, true), (await IsStoredAsync(host, own), await IsStoredAsync(host, shared)));
        Assert.Equal("shared", await ReadAsync(host, second, "shared too"));
    }

    [Fact]
    public async Task The_garbage_collection_takes_artifacts_without_a_run()
    {
        var host = await OpenAsync();
        var (kept, gone) = ((await CreateRunAsync(host)).Id, await CreateRunAsync(host));
        await PutAsync(host, kept, "a/kept", "x");
        await PutAsync(host, gone.Id, "a/gone", "x");
        var read = (await host.Documents.GetAsync(TrackingCollections.Runs, gone.ExperimentId, gone.Id))!;
        await host.Documents.DeleteAsync(TrackingCollections.Runs, read.Partition, read.Id, read.ETag);

        await host.Collector.RunAsync(Time.GetUtcNow());

        var left = (await host.Documents.ScanAsync(TrackingCollections.Artifacts, 10)).Documents;
        Assert.Equal(2, left.Count);
        Assert.All(left, document => Assert.StartsWith(kept, document.Partition, StringComparison.Ordinal));
    }

    private static Task<RunArtifact> PutAsync(TrackingHost host, string run, string path, string content) =>
        host.Artifacts.PutAsync(run, ArtifactPath.Parse(path), new MemoryStream(Encoding.UTF8.GetBytes(content)));

    private static async Task<string> ReadAsync(TrackingHost host, string run, string path)
    {
        await using var content = await host.Artifacts.OpenAsync((await host.Artifacts.FindAsync(run, ArtifactPath.Parse(path)))!);
        return await new StreamReader(content).ReadToEndAsync();
    }

    private static async Task<List<string>> LevelAsync(TrackingHost host, string run, string folder) =>
        [.. (await host.Artifacts.ListAsync(run, ArtifactPath.Parse(folder))).Items.Select(file => file.Path + (file.IsFolder ? "/" : "")).Order(StringComparer.Ordinal)];

    private static async Task<List<string>> AllAsync(TrackingHost host, string run, string folder) =>
        await host.Artifacts.FilesAsync(run, ArtifactPath.Parse(folder)).Select(file => file.Path.ToString()).Order().ToListAsync();

    private static Task SweepAsync(TrackingHost host) => host.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);

    private static async Task<bool> IsStoredAsync(TrackingHost host, string sha256) => await host.Bytes.GetPropertiesAsync(sha256) is not null;
}
