using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Jobs.Log;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Storage;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Jobs;

[Collection(AzuriteCollection.Name)]
public sealed class JobLogTests : IAsyncLifetime
{
    private readonly CountingTransport _network = new();
    private readonly string _job = Sample.Job().Id;
    private readonly BlobServiceClient _account;
    private readonly JobFiles _files;
    private readonly JobLog _log;

    public JobLogTests(Azurite azurite)
    {
        var options = BlobClients.Options();
        options.Transport = _network;
        _account = new BlobServiceClient(azurite.NewAccount(), options);
        _files = new JobFiles(_account, TimeProvider.System);
        _log = new JobLog(_files);
    }

    public Task InitializeAsync() => _files.CreateAsync(_job);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_page_from_anywhere_in_200_000_lines_costs_a_handful_of_requests()
    {
        const int Count = 200_000;
        await WriteAsync(Enumerable.Range(1, Count).Select(n => Line(n, $"epoch {n} of {Count}, loss {1.0 / n:R}")));

        foreach (var after in new[] { 0, 1, 17, 1000, 99_999, 100_000, 123_456, 199_000, 199_899 })
        {
            var before = _network.Requests;
            var page = await _log.ReadAsync(_job, 1, after, 100);

            Assert.Equal(Enumerable.Range(after + 1, 100), page.Lines.Select(line => (int)line.N));
            Assert.StartsWith($"epoch {after + 1} ", page.Lines[0].M);
            Assert.Equal(after + 100, page.NextAfter);
            Assert.InRange(_network.Requests - before, 1, 7);
        }
    }

    [Fact]
    public async Task Reading_on_costs_one_request_and_sees_what_was_added()
    {
        await WriteAsync([Line(1), Line(2)]);
        var page = await _log.ReadAsync(_job, 1, 0, 10);
        Assert.True(page.IsAtEnd);
        Assert.Equal(2, page.NextAfter);

        await AppendAsync(Line(3));
        var before = _network.Requests;
        page = await _log.ReadAsync(_job, 1, page.Next, 10);

        Assert.Equal([3L], page.Lines.Select(line => line.N));
        Assert.Equal(1, _network.Requests - before);
        page = await _log.ReadAsync(_job, 1, page.Next, 10);
        Assert.Empty(page.Lines);
        Assert.True(page.IsAtEnd);
    }

    [Fact]
    public async Task Any_page_of_lines_of_any_length_is_the_same_as_reading_it_all()
    {
        var random = new Random(7);
        var texts = Enumerable.Range(1, 3000)
            .Select(n => new string(random.Next(2) == 0 ? 'ü' : '\u0001', (int)Math.Pow(10, random.NextDouble() * 3.9)))
            .ToList();
        await WriteAsync(texts.Select((text, i) => Line(i + 1, text)));

        for (var round = 0; round < 40; round++)
        {
            var after = random.Next(texts.Count + 1);
            var limit = random.Next(1, 200);
            var read = new List<JobLogLine>();
            var next = (long)after;
            do
            {
                var page = await _log.ReadAsync(_job, 1, next, limit - read.Count);
                read.AddRange(page.Lines);
                next = page.NextAfter;
                if (page.IsAtEnd)
                    break;
            }
            while (read.Count < limit);

            Assert.Equal(texts.Skip(after).Take(limit), read.Select(line => line.M));
        }
    }

    [Fact]
    public async Task A_last_line_that_is_not_complete_waits_until_it_is()
    {
        var last = Line(2, "half");
        await WriteAsync([Line(1), last[..10]]);
        var page = await _log.ReadAsync(_job, 1, 0, 10);
        Assert.Equal([1L], page.Lines.Select(line => line.N));

        await AppendAsync(last[10..]);

        page = await _log.ReadAsync(_job, 1, page.Next, 10);
        Assert.Equal("half", Assert.Single(page.Lines).M);
        Assert.Equal("half", Assert.Single((await _log.ReadAsync(_job, 1, 1, 10)).Lines).M);
    }

    [Fact]
    public async Task What_is_no_line_is_passed_over_and_a_read_ends_whatever_is_there()
    {
        var garbage = new string('x', 5 * 1024 * 1024) + "\n[1]\nnull\n{\"n\":-1,\"s\":\"out\",\"m\":\"\"}\n\n";
        await WriteAsync([Line(1), garbage, Line(2), Line(9), Line(9, "again"), Line(3, "back"), garbage]);

        Assert.Equal([1L, 2, 9], (await ReadAllAsync(0)).Select(line => line.N));
        Assert.Equal([2L, 9], (await ReadAllAsync(1)).Select(line => line.N));
        Assert.Empty(await ReadAllAsync(9));
        Assert.Empty(await ReadAllAsync(long.MaxValue));
    }

    [Fact]
    public async Task No_log_is_an_empty_one()
    {
        foreach (var after in new[] { 0, 5 })
        {
            var page = await _log.ReadAsync(_job, 3, after, 10);
            Assert.Empty(page.Lines);
            Assert.Equal((after, true), (page.NextAfter, page.IsAtEnd));
        }

        Assert.True((await _log.ReadAsync(Sample.Job().Id, 1, 0, 10)).IsAtEnd);
    }

    private static string Line(long n, string text = "text") =>
        JsonSerializer.Serialize(new JobLogLine(n, DateTimeOffset.UnixEpoch, "out", text), RegistryJson.Options) + "\n";

    private async Task<List<JobLogLine>> ReadAllAsync(long after)
    {
        var all = new List<JobLogLine>();
        while (true)
        {
            var page = await _log.ReadAsync(_job, 1, after, 10);
            all.AddRange(page.Lines);
            if (page.IsAtEnd)
                return all;
            Assert.NotEmpty(page.Lines);
            after = page.NextAfter;
        }
    }

    private async Task WriteAsync(IEnumerable<string> lines)
    {
        await _files.CreateAppendableAsync(_job, "attempt-1/log.jsonl");
        await AppendAsync(string.Concat(lines));
    }

    private async Task AppendAsync(string text)
    {
        var blob = _account.GetBlobContainerClient($"job-{_job}").GetAppendBlobClient("attempt-1/log.jsonl");
        foreach (var block in Encoding.UTF8.GetBytes(text).Chunk(4 * 1024 * 1024))
            await blob.AppendBlockAsync(new MemoryStream(block));
    }
}
