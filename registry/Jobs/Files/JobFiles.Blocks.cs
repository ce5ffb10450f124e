using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Larder.Registry.Storage.Blobs;

namespace Larder.Registry.Jobs.Files;

/// <content>Files that are written in blocks, by several at a time and in any order.</content>
public sealed partial class JobFiles
{
    /// <summary>The most blocks of a file.</summary>
    public const int MaxBlocks = 50_000;

    /// <summary>
    /// Stores a block of a file that is not there before it is committed. Storing it again changes nothing, unless its bytes are others. Blocks that are
    /// not committed within a week are lost.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="path">The file.</param>
    /// <param name="block">ASCII; all of a file have the same length, 64 at most.</param>
    /// <param name="content">Its bytes, at least one.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task StageBlockAsync(string job, string path, string block, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        var blob = Container(job).GetBlockBlobClient(JobFilePath.Validated(path));
        return WriteAsync(
            job,
            async () =>
            {
                using var stream = BinaryData.FromBytes(content).ToStream();
                return await blob.StageBlockAsync(Encoded(block), stream, options: null, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>The blocks of a file that wait to be committed, by name; none when it has none.</summary>
    public Task<IReadOnlyList<string>> ListStagedBlocksAsync(string job, string path, CancellationToken cancellationToken = default)
    {
        var blob = Container(job).GetBlockBlobClient(JobFilePath.Validated(path));
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlockList list = await blob.GetBlockListAsync(BlockListTypes.Uncommitted, cancellationToken: cancellationToken);
                    return (IReadOnlyList<string>)[.. list.UncommittedBlocks.Select(block => Decoded(block.Name)).Order(StringComparer.Ordinal)];
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    return [];
                }
            },
            cancellationToken);
    }

    /// <summary>Makes blocks a file, in the place of what is there. Others of it that wait are lost.</summary>
    /// <returns>The file.</returns>
    public Task<JobFile> CommitBlocksAsync(string job, string path, IEnumerable<string> blocks, string contentType, CancellationToken cancellationToken = default)
    {
        var blob = Container(job).GetBlockBlobClient(JobFilePath.Validated(path));
        var options = new CommitBlockListOptions { HttpHeaders = new BlobHttpHeaders { ContentType = contentType } };
        return WriteAsync(
            job,
            async () =>
            {
                await blob.CommitBlockListAsync(blocks.Select(Encoded), options, cancellationToken);
                BlobProperties done = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                return new JobFile(path, done.ContentLength, Unquoted(done.ETag), done.LastModified);
            },
            cancellationToken);
    }

    /// <summary>Lets go of the blocks of a file that was never committed.</summary>
    public async Task DropBlocksAsync(string job, string path, CancellationToken cancellationToken = default)
    {
        if ((await ListStagedBlocksAsync(job, path, cancellationToken)).Count == 0)
            return;
        // There is no other way to it than to write the file.
        await WriteAsync(job, path, BinaryData.Empty, cancellationToken);
        await DeleteFileAsync(job, path, cancellationToken);
    }

    private static string Encoded(string block) => Convert.ToBase64String(Encoding.ASCII.GetBytes(block));

    private static string Decoded(string block) => Encoding.ASCII.GetString(Convert.FromBase64String(block));
}
