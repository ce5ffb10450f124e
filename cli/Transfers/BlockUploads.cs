using System.Net;
using Larder.Cli.Running;
using Larder.Client;
using Larder.Contracts;

namespace Larder.Cli.Transfers;

/// <summary>Uploads a file in blocks, and goes on with an upload that was interrupted.</summary>
internal static class BlockUploads
{
    /// <summary>Sends a file, and completes the upload.</summary>
    /// <param name="run">The command.</param>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="kind"><c>model</c> or <c>dataset</c>.</param>
    /// <param name="name">Its name on the server.</param>
    /// <param name="path">The file.</param>
    /// <param name="completion">What is said of it; the hash is added.</param>
    /// <returns>The job that takes it in.</returns>
    public static async Task<JobDetails> SendAsync(CommandRun run, string model, string kind, string name, string path, CompleteUploadRequest completion)
    {
        await using var file = LocalFile.Open(path);
        var (state, upload) = await BeginAsync(run, StateOf(run, model, kind, name, path, file.Length));
        try
        {
            var hash = await ByteProgress.RunAsync(run.Terminal, name, file.Length, bytes =>
            {
                bytes.Report(Math.Min((long)state.Blocks * state.BlockSize, file.Length));
                return run.Client.Uploads.SendAsync(
                    upload,
                    file,
                    state.Blocks,
                    ByteProgress.OfBlocks(bytes, progress => (state = state with { Blocks = progress.Blocks }).Keep(run.Config)),
                    run.Stop);
            });
            var job = await run.Client.Uploads.CompleteAsync(model, upload.Id, completion with { Sha256 = hash, SizeBytes = file.Length }, run.Stop);
            state.Forget(run.Config);
            return job;
        }
        catch (Exception e) when (e is OperationCanceledException or LarderException { StatusCode: null })
        {
            run.Terminal.Note($"{state.Blocks} of {(file.Length + state.BlockSize - 1) / state.BlockSize} blocks are stored. The same command again goes on from there, until {upload.Expires:u}.");
            throw;
        }
    }

    private static UploadState StateOf(CommandRun run, string model, string kind, string name, string path, long size) => new()
    {
        Server = run.Client.Address.AbsoluteUri,
        Model = model,
        Kind = kind,
        Name = name,
        File = Path.GetFullPath(path),
        Size = size,
        Modified = File.GetLastWriteTimeUtc(path),
        Upload = "",
        BlockSize = 0,
    };

    private static async Task<(UploadState State, UploadDetails Upload)> BeginAsync(CommandRun run, UploadState wanted)
    {
        if (UploadState.Find(run.Config, wanted) is { } earlier && await FindAsync(run, earlier) is { } found)
        {
            run.Terminal.Note($"Goes on with the upload {found.Id}, of which {earlier.Blocks} blocks are stored.");
            return (earlier, found);
        }
        var upload = await run.Client.Uploads.BeginAsync(wanted.Model, new NewUploadRequest { Kind = wanted.Kind, FileName = wanted.Name, SizeBytes = wanted.Size }, run.Stop);
        var state = wanted with { Upload = upload.Id, BlockSize = upload.BlockSize };
        state.Keep(run.Config);
        return (state, upload);
    }

    // An upload that has expired, was abandoned, or was made with other blocks begins anew.
    private static async Task<UploadDetails?> FindAsync(CommandRun run, UploadState earlier)
    {
        try
        {
            var upload = await run.Client.Uploads.GetAsync(earlier.Model, earlier.Upload, run.Stop);
            return upload.Url is not null && upload.BlockSize == earlier.BlockSize ? upload : null;
        }
        catch (LarderException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
