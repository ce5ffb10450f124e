using System.Net;
using System.Net.Http.Headers;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Jobs;

namespace Larder.Functions.Tests.Jobs;

[Collection(nameof(SharedJobs))]
public sealed class JobOutputTests(JobsFixture larder)
{
    [Fact]
    public async Task Outputs_are_listed_and_downloaded_as_they_were_left()
    {
        var job = await larder.AddAsync("out-list");
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var output = await larder.LeaveAsync(job, "sub folder/ü#1?.bin", bytes);
        await larder.LeaveAsync(job, "empty.csv", []);

        var list = await larder.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}/outputs");
        using var file = await GetAsync(job, "sub folder/ü#1?.bin");
        using var empty = await GetAsync(job, "empty.csv");

        Assert.Equal(["sub folder/ü#1?.bin", "empty.csv"], list.Body["outputs"]!.AsArray().Select(one => (string?)one!["path"]));
        Assert.Equal((HttpStatusCode.OK, 256L), (file.StatusCode, file.Content.Headers.ContentLength));
        Assert.Equal(bytes, await file.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{output.ETag}\"", file.Headers.ETag!.Tag);
        Assert.Equal("ü#1?.bin", file.Content.Headers.ContentDisposition!.FileNameStar);
        Assert.Equal((HttpStatusCode.OK, 0L), (empty.StatusCode, empty.Content.Headers.ContentLength));
    }

    [Theory]
    [InlineData("page.html", "application/octet-stream")]
    [InlineData("drawing.svg", "application/octet-stream")]
    [InlineData("code.js", "application/octet-stream")]
    [InlineData("iris", "application/octet-stream")]
    [InlineData("metrics.json", "application/json")]
    [InlineData("table.CSV", "text/csv")]
    [InlineData("notes.txt", "text/plain")]
    [InlineData("plot.png", "image/png")]
    public async Task No_browser_takes_an_output_for_a_page(string path, string type)
    {
        var job = await larder.AddAsync("out-type");
        await larder.LeaveAsync(job, path, "<script>alert(1)</script>"u8.ToArray());

        using var answer = await GetAsync(job, path);

        Assert.Equal(type, answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
    }

    [Fact]
    public async Task Ranges_and_conditions_are_honoured()
    {
        var job = await larder.AddAsync("out-range");
        var output = await larder.LeaveAsync(job, "digits.txt", "0123456789"u8.ToArray());

        using var part = await GetAsync(job, "digits.txt", headers => headers.Range = new RangeHeaderValue(2, 4));
        using var last = await GetAsync(job, "digits.txt", headers => headers.Range = new RangeHeaderValue(null, 3));
        using var outside = await GetAsync(job, "digits.txt", headers => headers.Range = new RangeHeaderValue(10, null));
        using var known = await GetAsync(job, "digits.txt", headers => headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{output.ETag}\"")));

        Assert.Equal((HttpStatusCode.PartialContent, "234"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        Assert.Equal("bytes 2-4/10", part.Content.Headers.ContentRange!.ToString());
        Assert.Equal("789", await last.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, outside.StatusCode);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
    }

    [Fact]
    public async Task Only_what_the_job_listed_can_be_had()
    {
        var job = await larder.AddAsync("out-unlisted");
        await larder.Files.WriteAsync(job.Id, "secrets.json", BinaryData.FromString("{}"));
        await larder.Files.WriteAsync(job.Id, "attempt-1/outputs/later.txt", BinaryData.FromString("late"));

        foreach (var path in new[] { "later.txt", "secrets.json", "../../secrets.json", "..%2F..%2Fsecrets.json", "" })
        {
            using var answer = await larder.Client.GetAsync($"/api/v1/jobs/{job.Id}/outputs/{path}");
            var isList = path.Length == 0 && answer.StatusCode == HttpStatusCode.OK;
            Assert.True(isList || answer.StatusCode == HttpStatusCode.NotFound, $"{path}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task A_job_that_lists_a_path_out_of_its_folder_gives_nothing_away()
    {
        const string Path = "../../secrets.json";
        var job = await larder.AddAsync("out-escape", change: job => job with { Outputs = [new JobOutput(Path, 2, new string('a', 64), "0x1")] });
        await larder.Files.WriteAsync(job.Id, "secrets.json", BinaryData.FromString("{}"));

        using var answer = await larder.Client.GetAsync($"/api/v1/jobs/{job.Id}/outputs/{Uri.EscapeDataString(Path)}");

        Assert.True((int)answer.StatusCode is 404 or 422, $"{answer.StatusCode}");
    }

    [Fact]
    public async Task What_is_no_longer_what_the_job_left_is_refused()
    {
        var job = await larder.AddAsync("out-changed");
        await larder.LeaveAsync(job, "changed.txt", "before"u8.ToArray());
        await larder.LeaveAsync(job, "gone.txt", "before"u8.ToArray());
        await larder.Files.WriteAsync(job.Id, "attempt-1/outputs/changed.txt", BinaryData.FromString("after!"));
        await larder.Files.DeleteFileAsync(job.Id, "attempt-1/outputs/gone.txt");

        var changed = await larder.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}/outputs/changed.txt");
        var gone = await larder.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}/outputs/gone.txt");

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.NotFound), (changed.Status, gone.Status));
    }

    private async Task<HttpResponseMessage> GetAsync(Job job, string path, Action<HttpRequestHeaders>? set = null)
    {
        var escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job.Id}/outputs/{escaped}");
        set?.Invoke(request.Headers);
        return await larder.Client.SendAsync(request);
    }
}
