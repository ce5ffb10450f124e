using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Client.Http;

/// <summary>
/// Writes a file to a blob by Put Block and Put Block List (https://learn.microsoft.com/rest/api/storageservices/put-block). A block has an id made of its number, so that a repetition replaces it.
/// The URL is a secret: no message has it.
/// </summary>
internal sealed class BlockUpload(HttpClient http, Uri url, int blockSize)
{
    /// <summary>Sends the blocks from one on, and joins all.</summary>
    /// <returns>The file's SHA-256.</returns>
    public async Task<string> SendAsync(Stream file, int fromBlock, IProgress<UploadProgress>? progress, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[blockSize];
        var ids = new StringBuilder("<BlockList>");
        long bytes = 0;
        for (var number = 0; ; number++)
        {
            var length = await file.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancellationToken);
            if (length == 0)
                break;
            hash.AppendData(block, 0, length);
            bytes += length;
            ids.Append("<Latest>").Append(IdOf(number)).Append("</Latest>");
            if (number < fromBlock)
                continue;

            var content = new ByteArrayContent(block, 0, length);
            await PutAsync($"comp=block&blockid={Uri.EscapeDataString(IdOf(number))}", content, $"block {number + 1}", cancellationToken);
            progress?.Report(new UploadProgress(number + 1, bytes, file.Length));
        }

        var list = new ByteArrayContent(Encoding.UTF8.GetBytes(ids.Append("</BlockList>").ToString())) { Headers = { ContentType = new MediaTypeHeaderValue("application/xml") } };
        await PutAsync("comp=blocklist", list, "the list of blocks", cancellationToken);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static string IdOf(int number) => Convert.ToBase64String(Encoding.ASCII.GetBytes($"{number:D8}"));

    private async Task PutAsync(string query, HttpContent content, string what, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Put, new UriBuilder(url) { Query = $"{url.Query.TrimStart('?')}&{query}" }.Uri) { Content = content };
        message.Options.Set(Repetition.IsAllowed, true);
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(message, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new LarderException($"The storage at {url.Authority} cannot be reached from here, or broke off at {what}: {e.Message}", inner: e);
        }
        using (answer)
        {
            if (answer.IsSuccessStatusCode)
                return;
            var code = answer.Headers.TryGetValues("x-ms-error-code", out var codes) ? codes.FirstOrDefault() : answer.ReasonPhrase;
            var id = answer.Headers.TryGetValues("x-ms-request-id", out var ids) ? ids.FirstOrDefault() : null;
            throw new LarderException($"The storage at {url.Authority} refused {what} with {(int)answer.StatusCode} {code}.", answer.StatusCode, id);
        }
    }
}
