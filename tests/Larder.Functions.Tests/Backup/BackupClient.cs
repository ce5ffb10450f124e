using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;

namespace Larder.Functions.Tests.Backup;

/// <summary>Exports and imports as users do with curl.</summary>
internal static class BackupClient
{
    /// <summary>Exports, and waits for the end.</summary>
    public static async Task<JsonNode> ExportToEndAsync(this HttpClient client, string? options = null, Func<string>? log = null)
    {
        var answer = await client.SendJsonAsync(HttpMethod.Post, "/api/v1/admin/export", options);
        Assert.True(answer.Code == 202, answer.Description);
        var job = await client.EndOfAsync((string)answer.Body["job"]!["id"]!, log);
        Assert.True((string)job["state"]! == "succeeded", $"{job}\n{log?.Invoke()}");
        return job;
    }

    /// <summary>What a job exported.</summary>
    public static Task<byte[]> ArchiveOfAsync(this HttpClient client, JsonNode job) =>
        client.GetByteArrayAsync($"/api/v1/jobs/{job["id"]}/outputs/larder-export.zip");

    /// <summary>Exports everything.</summary>
    public static async Task<byte[]> ExportAsync(this HttpClient client) => await client.ArchiveOfAsync(await client.ExportToEndAsync());

    /// <summary>Sends an archive to be imported.</summary>
    public static async Task<Answer> ImportAsync(this HttpClient client, byte[] archive, string? options = null)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(archive), "archive", "backup.zip" } };
        if (options is not null)
            form.Add(new StringContent(options), "options");
        return await client.PostAsync("/api/v1/admin/import", form).ReadAnswerAsync();
    }

    /// <summary>Imports an archive, and waits for the end.</summary>
    public static async Task<JsonNode> ImportToEndAsync(this HttpClient client, byte[] archive, string? options = null, Func<string>? log = null)
    {
        var answer = await client.ImportAsync(archive, options);
        Assert.True(answer.Code == 202, answer.Description);
        return await client.EndOfAsync((string)answer.Body["job"]!["id"]!, log);
    }

    /// <summary>Imports what is somewhere else, and waits for the end.</summary>
    public static async Task<JsonNode> ImportSourceToEndAsync(this HttpClient client, string source, string options = "{}")
    {
        var answer = await client.SendJsonAsync(HttpMethod.Post, "/api/v1/admin/import", $$"""{"source": "{{source}}", "options": {{options}}}""");
        Assert.True(answer.Code == 202, answer.Description);
        return await client.EndOfAsync((string)answer.Body["job"]!["id"]!);
    }
}
