using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>Files of the container <c>uploads</c> that schedules name.</summary>
internal static class ScheduledUpload
{
    /// <summary>Refuses what is no path of one. Whether it is there is asked when it is read.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void Validate(string path)
    {
        if (!path.StartsWith($"{DropFiles.Uploads}/", StringComparison.Ordinal) || !JobFilePath.IsValid(path))
            throw new InvalidRequestException($"job.inputs.dataset must be a path that begins with {DropFiles.Uploads}/.");
    }
}
