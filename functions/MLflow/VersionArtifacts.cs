using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Text;
using Larder.Tracking.Artifacts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Larder.Functions.MLflow;

/// <summary>
/// The files of versions as artifacts, below <c>models/NAME/VERSION</c> of the proxy, which is where <c>get-download-uri</c> sends clients. A version that came without a folder, as an upload
/// does, gets a file <c>MLmodel</c> here that names its ONNX file, so that <c>mlflow.onnx.load_model</c> finds it.
/// </summary>
public sealed class VersionArtifacts(ModelRegistry registry, ModelScopes scopes, IArtifactStore artifacts)
{
    private const string DefaultFile = "model.onnx";

    /// <summary>Whether a path of the proxy is that of a version.</summary>
    public static bool Has([NotNullWhen(true)] string? path) => path is not null && path.StartsWith($"{VersionSource.Root}/", StringComparison.Ordinal)
        // An experiment may have its artifacts at the root, with its logged models below the same name.
        && path.Split('/', 4) is not [_, _, "artifacts", ..];

    /// <summary>What is in a folder of a version: its files, and its folders, each once.</summary>
    /// <exception cref="InvalidRequestException">The path breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    public async Task<IReadOnlyList<MLflowFile>> ListAsync(HttpRequest request, string path, CancellationToken cancellationToken)
    {
        var (version, folder) = await FindAsync(request, path, cancellationToken);
        var (files, _) = FilesOf(version);
        var below = folder.Length == 0 ? "" : $"{folder}/";
        return [.. files
            .Where(file => file.Name.StartsWith(below, StringComparison.Ordinal))
            .Select(file => (Name: file.Name[below.Length..], file.SizeBytes))
            .GroupBy(file => file.Name.Split('/')[0], StringComparer.Ordinal)
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => entry.Any(file => file.Name != entry.Key) ? new MLflowFile { Path = entry.Key, IsDir = true } : new MLflowFile { Path = entry.Key, IsDir = false, FileSize = entry.First().SizeBytes })];
    }

    /// <summary>Sends a file of a version, or a range of it.</summary>
    /// <exception cref="NotFoundException">There is no such version, or no such file.</exception>
    public async Task<IActionResult> SendAsync(HttpRequest request, string path, CancellationToken cancellationToken)
    {
        var (version, name) = await FindAsync(request, path, cancellationToken);
        return await SendAsync(request, version, name, cancellationToken);
    }

    /// <summary>Sends a file of a version that the caller may read, or a range of it.</summary>
    /// <exception cref="NotFoundException">It has no such file.</exception>
    public async Task<IActionResult> SendAsync(HttpRequest request, ModelVersion version, string name, CancellationToken cancellationToken)
    {
        var (files, description) = FilesOf(version);
        var file = files.FirstOrDefault(one => one.Name == name) ?? throw new NotFoundException($"No such artifact: {Quoted.Text(name)}");
        var fileName = name[(name.LastIndexOf('/') + 1)..];
        var answer = new FileAnswer(file.Sha256, file.SizeBytes, fileName, FileAnswer.TypeOf(fileName));
        return description is not null && name == LoggedModel.FileName
            ? await answer.SendAsync(request, (offset, length, _) => Task.FromResult<Stream>(new MemoryStream(description, (int)offset, (int)(length ?? description.Length - offset))), cancellationToken)
            : await answer.SendAsync(request, artifacts, $"The file {Quoted.Text(name)}", cancellationToken);
    }

    private async Task<(ModelVersion Version, string Path)> FindAsync(HttpRequest request, string path, CancellationToken cancellationToken)
    {
        string[] names = [.. ArtifactPath.Parse(ArtifactLocation.FolderOf(path)).Names];
        if (names is not [VersionSource.Root, var model, var version, .. var rest])
            throw new NotFoundException($"No version has artifacts at {Quoted.Text(path)}: a path is {VersionSource.Root}/NAME/VERSION, and the file's below it.");
        var name = ModelName.Parse(model);
        await scopes.RequireAsync(request.Caller(), name, cancellationToken);
        var found = await registry.GetVersionAsync(name, RegistryCalls.VersionOf(name, version), cancellationToken);
        return (found, string.Join('/', rest));
    }

    private static (IReadOnlyList<VersionFile> Files, byte[]? Description) FilesOf(ModelVersion version)
    {
        if (version.Folder is { } folder)
            return (folder, null);
        IReadOnlyList<VersionFile> own = version.Manifest is { } manifest
            ? [.. manifest.Select(file => new VersionFile(file.Name, file.Sha256, file.SizeBytes))]
            : [new VersionFile(version.FileName ?? DefaultFile, version.Sha256, version.SizeBytes)];
        var description = DescriptionOf(own[0].Name);
        return ([.. own, new VersionFile(LoggedModel.FileName, Convert.ToHexStringLower(SHA256.HashData(description)), description.Length)], description);
    }

    // A text of JSON is one of YAML.
    private static byte[] DescriptionOf(string file)
    {
        var data = JsonSerializer.Serialize(file);
        return Encoding.UTF8.GetBytes($"flavors:\n  onnx:\n    data: {data}\n  python_function:\n    data: {data}\n    loader_module: mlflow.onnx\n");
    }
}
