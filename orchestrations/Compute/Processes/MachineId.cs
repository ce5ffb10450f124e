namespace Larder.Orchestrations.Compute.Processes;

/// <summary>
/// Names the folder of tasks, and with it the machine: a server that is started again on the same folder has the same id, and takes its processes back.
/// Two servers with folders of their own are two machines, also on one computer.
/// </summary>
internal static class MachineId
{
    private const string FileName = "machine";

    /// <summary>The folder's id, which is made when it has none.</summary>
    public static string Of(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            var temporary = $"{path}.{Guid.NewGuid():N}";
            File.WriteAllText(temporary, Guid.NewGuid().ToString("N"));
            try
            {
                File.Move(temporary, path, overwrite: false);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another server on this folder was first.
                File.Delete(temporary);
            }
        }

        return File.ReadAllText(path);
    }
}
