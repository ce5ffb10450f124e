using System.Net;
using System.Net.Http.Headers;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Registry.Tests.Jobs;

[Collection(AzuriteCollection.Name)]
public sealed class JobFilesTests(Azurite azurite) : IAsyncLifetime
{
    private static readonly HttpClient Anonymous = new();

    private readonly string _job = Sample.Job().Id;
    private readonly JobFiles _files = new(BlobClients.Create(azurite.NewAccount()), TimeProvider.System);

    public Task InitializeAsync() => _files.CreateAsync(_job);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Files_are_written_read_listed_and_deleted()
    {
        await _files.CreateAsync(_job);
        var etag = await _files.WriteAsync(_job, "attempt-1/job.json", BinaryData.FromString("{}"));
        await _files.WriteAsync(_job, "attempt-1/outputs/ä b#1?.txt", BinaryData.FromString("0123456789"));
        await _files.WriteAsync(_job, "secrets.json", BinaryData.FromString("{}"));

        Assert.Equal("{}", (await _files.ReadAsync(_job, "attempt-1/job.json", 2))!.ToString());
        Assert.Equal(etag, (await _files.GetPropertiesAsync(_job, "attempt-1/job.json"))!.ETag);
        Assert.Equal("345", await TextAsync(await _files.OpenReadAsync(_job, "attempt-1/outputs/ä b#1?.txt", 3, 3)));
        var listed = await ListAsync("attempt-1/");
        Assert.Equal(["attempt-1/job.json", "attempt-1/outputs/ä b#1?.txt"], listed.Select(file => file.Path));
        Assert.Equal((10L, etag), (listed[1].SizeBytes, listed[0].ETag));

        Assert.True(await _files.DeleteFileAsync(_job, "secrets.json"));
        Assert.False(await _files.DeleteFileAsync(_job, "secrets.json"));
        Assert.Null(await _files.ReadAsync(_job, "secrets.json", 10));
        Assert.Null(await _files.OpenReadAsync(_job, "secrets.json"));
        Assert.Null(await _files.GetPropertiesAsync(_job, "secrets.json"));
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_and_an_empty_one_is_read()
    {
        await _files.WriteAsync(_job, "exit.json", BinaryData.FromString("12345"));
        await _files.WriteAsync(_job, "empty", BinaryData.FromString(""));

        await Assert.ThrowsAsync<TooLargeException>(() => _files.ReadAsync(_job, "exit.json", 4));

        Assert.Equal("12345", (await _files.ReadAsync(_job, "exit.json", 5))!.ToString());
        Assert.Equal("", (await _files.ReadAsync(_job, "empty", 5))!.ToString());
        Assert.Equal("", await TextAsync(await _files.OpenReadAsync(_job, "empty")));
    }

    [Fact]
    public async Task A_file_that_was_changed_is_not_what_was_meant()
    {
        var before = await _files.WriteAsync(_job, "model", BinaryData.FromString("1"));
        Assert.Equal("1", await TextAsync(await _files.OpenReadAsync(_job, "model", ifMatch: before)));
        await _files.WriteAsync(_job, "model", BinaryData.FromString("2"));

        await Assert.ThrowsAsync<PreconditionFailedException>(() => _files.OpenReadAsync(_job, "model", ifMatch: before));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("attempt-1/outputs/../../secrets.json")]
    [InlineData("attempt-1/./x")]
    [InlineData("/x")]
    [InlineData("x//y")]
    [InlineData("x/")]
    [InlineData("x\\..\\y")]
    [InlineData("x\ny")]
    [InlineData("x.")]
    public async Task What_is_no_path_is_refused_everywhere(string path)
    {
        Assert.False(JobFilePath.IsValid(path));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _files.ReadAsync(_job, path, 10));
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await _files.OpenReadAsync(_job, path));
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await _files.WriteAsync(_job, path, BinaryData.FromString("x")));
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await _files.ReadUrlAsync(_job, path, TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task After_deletion_nothing_is_there_and_nothing_can_be_written()
    {
        await _files.WriteAsync(_job, "x", BinaryData.FromString("x"));
        Assert.True(await _files.DeleteAsync(_job));

        Assert.False(await _files.DeleteAsync(_job));
        Assert.Null(await _files.ReadAsync(_job, "x", 10));
        Assert.Null(await _files.GetPropertiesAsync(_job, "x"));
        Assert.False(await _files.DeleteFileAsync(_job, "x"));
        Assert.Empty(await ListAsync(""));
        await Assert.ThrowsAsync<NotFoundException>(() => _files.WriteAsync(_job, "x", BinaryData.FromString("x")));
        await Assert.ThrowsAsync<NotFoundException>(() => _files.CreateAppendableAsync(_job, "x"));
    }

    [Fact]
    public async Task The_jobs_that_have_files_are_listed()
    {
        var other = Sample.Job(1).Id;
        await _files.CreateAsync(other);

        var listed = new List<string>();
        await foreach (var folder in _files.ListJobsAsync())
            listed.Add(folder.Job);

        Assert.Equal([other, _job], listed);
    }

    [Fact]
    public async Task A_URL_for_the_log_adds_to_it_and_does_nothing_else()
    {
        await _files.CreateAppendableAsync(_job, "attempt-1/log.jsonl");
        var url = await _files.FileUrlAsync(_job, "attempt-1/log.jsonl", JobFileAccess.Add, TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.Created, await PutAsync($"{url}&comp=appendblock", "line 1\n"));
        await _files.CreateAppendableAsync(_job, "attempt-1/log.jsonl");
        Assert.Equal(HttpStatusCode.Created, await PutAsync($"{url}&comp=appendblock", "line 2\n"));

        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(url.AbsoluteUri, "all new"));
        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.GetAsync(url)).StatusCode);
        Assert.Equal("line 1\nline 2\n", (await _files.ReadAsync(_job, "attempt-1/log.jsonl", 100))!.ToString());
    }

    [Fact]
    public async Task A_URL_for_the_files_writes_any_of_this_job_and_reads_none_and_none_of_others()
    {
        var other = Sample.Job(1).Id;
        await _files.CreateAsync(other);
        var url = await _files.FilesUrlAsync(_job, TimeSpan.FromMinutes(1));
        string Of(string path) => $"{url.GetLeftPart(UriPartial.Path)}/{path}{url.Query}";

        Assert.Equal(HttpStatusCode.Created, await PutAsync(Of("attempt-1/outputs/iris.onnx"), "model"));

        Assert.Equal("model", (await _files.ReadAsync(_job, "attempt-1/outputs/iris.onnx", 10))!.ToString());
        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.GetAsync(Of("attempt-1/outputs/iris.onnx"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.GetAsync(Of("") + "&restype=container&comp=list")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(Of("x").Replace(_job, other), "model"));
    }

    [Fact]
    public async Task A_URL_ends_with_its_time()
    {
        await _files.WriteAsync(_job, "x", BinaryData.FromString("x"));
        var past = new JobFiles(BlobClients.Create(azurite.ConnectionString), new FakeTimeProvider(DateTimeOffset.UtcNow - TimeSpan.FromHours(2)));
        await past.CreateAsync(_job);
        await past.WriteAsync(_job, "x", BinaryData.FromString("x"));

        Assert.Equal(HttpStatusCode.Forbidden, (await Anonymous.GetAsync(await past.ReadUrlAsync(_job, "x", TimeSpan.FromHours(1)))).StatusCode);
        Assert.Equal("x", await Anonymous.GetStringAsync(await past.ReadUrlAsync(_job, "x", TimeSpan.FromHours(3))));
    }

    private static async Task<HttpStatusCode> PutAsync(string url, string content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new StringContent(content) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Add("x-ms-version", "2021-12-02");
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using var answer = await Anonymous.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<string> TextAsync(Stream? stream)
    {
        Assert.NotNull(stream);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private async Task<List<JobFile>> ListAsync(string prefix)
    {
        var all = new List<JobFile>();
        await foreach (var file in _files.ListAsync(_job, prefix))
            all.Add(file);
        return all;
    }
}
