using System.Text.Json;
using Larder.Cli.Output;
using Larder.Cli.Running;

namespace Larder.Cli.Transfers;

/// <summary>Files of this machine.</summary>
internal static class LocalFile
{
    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="UsageException">It is missing, a folder, or not readable.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"{path} is a folder, and a file is expected.");
        try
        {
            return new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.Read, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"There is no file {path}.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException($"The file {path} cannot be read: permission denied.");
        }
    }

    /// <summary>JSON that was typed, read from a file (<c>@file</c>) or from standard input (<c>-</c>).</summary>
    /// <exception cref="UsageException">It is not JSON.</exception>
    public static async Task<JsonElement> JsonAsync(string text, string option, CancellationToken cancellationToken)
    {
        if (text == "-")
            text = await Console.In.ReadToEndAsync(cancellationToken);
        else if (text.StartsWith('@'))
            text = await ReadAsync(text[1..], cancellationToken);
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException e)
        {
            throw new UsageException($"{option} must be JSON, @FILE with JSON, or - for standard input: {e.Message}");
        }
    }

    /// <summary>Writes a file that appears under its name when it is whole; <c>-</c> is standard output.</summary>
    public static async Task WriteAsync(CommandRun run, string path, bool force, long size, Func<Stream, IProgress<long>, Task> write)
    {
        if (path == "-")
        {
            await using var output = Console.OpenStandardOutput();
            await ByteProgress.RunAsync(run.Terminal, "download", size, async progress => { await write(output, progress); return true; });
            return;
        }
        if (File.Exists(path) && !force)
            throw new UsageException($"{path} exists: --force replaces it.");
        var partial = $"{path}.part";
        try
        {
            await using (var file = File.Create(partial))
                await ByteProgress.RunAsync(run.Terminal, Path.GetFileName(path), size, async progress => { await write(file, progress); return true; });
            File.Move(partial, path, overwrite: force);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
        run.Terminal.Note($"{path}: {Plain.Size(new FileInfo(path).Length)}");
    }

    private static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = Open(path);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
