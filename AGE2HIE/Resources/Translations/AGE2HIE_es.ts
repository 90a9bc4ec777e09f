<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="es">
 <context>
  <name>AGE2HIE</name>
  <message>
   <source>HIE Outcome (AGE2HIE)</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Evolución de la EHI (AGE2HIE)</translation>
  </message>
  <message>
   <source>Reads the diffusion MRI of a newborn with hypoxic-ischemic encephalopathy: a calibrated score for an adverse outcome at two years, where in the brain the evidence lies, and whether to believe it. Research use only; the bundled model has seen synthetic newborns only.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The method follows AGE2HIE (Bao, He, Grant, Ou; arXiv 2411.05188).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predicting the synthetic newborn</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Test passed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Synthetic newborn</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Neonato sintético</translation>
  </message>
  <message>
   <source>Infant's scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Exploración del neonato</translation>
  </message>
  <message>
   <source>Scan:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Exploración:</translation>
  </message>
  <message>
   <source>Diffusion-weighted volume or ADC map in the scene. Of a node that came from DICOM its files are read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Or from disk:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>O desde el disco:</translation>
  </message>
  <message>
   <source>A DICOM folder, or a file, that is not loaded. It is used in place of the scan above.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>DICOM folder or file</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Carpeta...</translation>
  </message>
  <message>
   <source>Choose a DICOM folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Archivo...</translation>
  </message>
  <message>
   <source>Choose a NIfTI, NRRD or MHA file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Age at scan:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Edad en la exploración:</translation>
  </message>
  <message>
   <source>Days after birth, for warnings about the time of the scan. Taken from DICOM where it is there. It is not stored.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no se sabe</translation>
  </message>
  <message>
   <source> days</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation> días</translation>
  </message>
  <message>
   <source>Gestation at birth:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Edad gestacional al nacer:</translation>
  </message>
  <message>
   <source>Weeks, for warnings.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source> weeks</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation> semanas</translation>
  </message>
  <message>
   <source>Cooled:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Hipotermia:</translation>
  </message>
  <message>
   <source>Whether the infant was treated with hypothermia, for warnings.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Clinical variables (optional)</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Variables clínicas (opcional)</translation>
  </message>
  <message>
   <source>Sex:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Sexo:</translation>
  </message>
  <message>
   <source>Leave what is not known. Nothing of it is kept in the scene.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Apgar at 1 minute:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar al minuto 1:</translation>
  </message>
  <message>
   <source>Apgar at 5 minutes:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar a los 5 minutos:</translation>
  </message>
  <message>
   <source>Apgar at 10 minutes:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar a los 10 minutos:</translation>
  </message>
  <message>
   <source>pH of cord blood:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>pH de sangre de cordón:</translation>
  </message>
  <message>
   <source>Base deficit:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Déficit de base:</translation>
  </message>
  <message>
   <source>Sarnat grade:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Grado de Sarnat:</translation>
  </message>
  <message>
   <source>Seizures before the scan:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convulsiones antes de la exploración:</translation>
  </message>
  <message>
   <source>Birth weight:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Peso al nacer:</translation>
  </message>
  <message>
   <source>Head circumference at birth:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Perímetro cefálico al nacer:</translation>
  </message>
  <message>
   <source>Optional: z-map, mask, T1, T2, DICOM series</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Opcional: mapa z, máscara, T1, T2, serie DICOM</translation>
  </message>
  <message>
   <source>Released z-map:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Mapa z publicado:</translation>
  </message>
  <message>
   <source>Deviation from normal ADC on the scan's grid, in place of the computed one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Brain mask:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Máscara cerebral:</translation>
  </message>
  <message>
   <source>Brain mask on the scan's grid; a segmentation counts with its visible segments.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>T1 of the same infant:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>T1 del mismo niño:</translation>
  </message>
  <message>
   <source>T1-weighted image of the same infant on any grid, for a model that reads it; it is aligned to the scan. Choosing another scan clears it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Imagen ponderada en T1 del mismo niño en cualquier rejilla, para un modelo que la lea; se alinea con el estudio. Elegir otro estudio vacía el campo.</translation>
  </message>
  <message>
   <source>T2 of the same infant:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>T2 del mismo niño:</translation>
  </message>
  <message>
   <source>T2-weighted image of the same infant on any grid, for a model that reads it; it is aligned to the scan. Choosing another scan clears it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Imagen ponderada en T2 del mismo niño en cualquier rejilla, para un modelo que la lea; se alinea con el estudio. Elegir otro estudio vacía el campo.</translation>
  </message>
  <message>
   <source>DICOM series:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Serie DICOM:</translation>
  </message>
  <message>
   <source>Which series to read where a DICOM folder holds several; 3+4 joins a b0 with a trace image. A message names them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the only one</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model, atlas and settings</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Modelo, atlas y ajustes</translation>
  </message>
  <message>
   <source>Model:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Modelo:</translation>
  </message>
  <message>
   <source>The bundled demonstration model, and those that were installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instalar...</translation>
  </message>
  <message>
   <source>Install a model from its archive (.zip or .tar.gz).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model card</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Ficha del modelo</translation>
  </message>
  <message>
   <source>What the model says of itself.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open folder</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Abrir carpeta</translation>
  </message>
  <message>
   <source>Where the model lies on this computer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Delete...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Eliminar...</translation>
  </message>
  <message>
   <source>Remove an installed model from this computer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancel</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cancelar</translation>
  </message>
  <message>
   <source>End the installation; nothing of it stays.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Prevalence:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prevalencia:</translation>
  </message>
  <message>
   <source>Share of adverse outcomes among infants like this one where it was scanned: 0.45 for 45 of 100. The number is moved to it, on the assumption that nothing else differs from the cases that the model was calibrated on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>as the model was calibrated</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Atlas:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Atlas:</translation>
  </message>
  <message>
   <source>Folder of a normative atlas. Empty: the bundled one, which is synthetic.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>bundled atlas (synthetic)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose an atlas folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Saliency method:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Método de saliencia:</translation>
  </message>
  <message>
   <source>How the evidence is located.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Device:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Dispositivo:</translation>
  </message>
  <message>
   <source>Where the network runs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Align volumes:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Alinear volúmenes:</translation>
  </message>
  <message>
   <source>Whether the volumes of a raw series are aligned to the mean b0 before ADC is fitted. Aligning a scan that is still blurs it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Earlier results:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Resultados anteriores:</translation>
  </message>
  <message>
   <source>What happens to results that are in the scene when a new one comes.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Examine the explanation (about a minute more)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Question the saliency map: would it look the same had the network learned nothing, and does it hold under noise?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A GPU on another computer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Address:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Of a computer of your network that runs the networks (age2hie serve), https://HOST:PORT. Empty: they run here, and nothing is sent anywhere.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>none: everything stays here</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Certificate:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PEM file with the certificate of that computer, or of its authority. Empty: those that this system trusts.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>those that this system trusts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose the certificate.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Token file:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File with the token of that computer. The token itself is not stored.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>file with its token</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose the token file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict outcome</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Predecir la evolución</translation>
  </message>
  <message>
   <source>Choose a scan.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Elija una exploración.</translation>
  </message>
  <message>
   <source>Check only</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Solo comprobar</translation>
  </message>
  <message>
   <source>Ask the quality gate whether this scan can be read, without making a number.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>End the prediction; the scene stays as it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Details...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Detalles...</translation>
  </message>
  <message>
   <source>What the worker said.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Copy report</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Copiar el informe</translation>
  </message>
  <message>
   <source>A text for whoever is asked for help: error code, versions and stage; no name, no identifier, no file name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Result</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Resultado</translation>
  </message>
  <message>
   <source>Correct the lesion...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Corregir la lesión...</translation>
  </message>
  <message>
   <source>Draw on it in the Segment Editor; volumes and scores follow when you are back here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Back to the computed lesion</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Volver a la lesión calculada</translation>
  </message>
  <message>
   <source>Take back what was drawn.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict all the same...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Warnings keep the number back. You can have it in spite of them; the result will say so.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What the model has seen, what it is for, and how good it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open report</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Abrir el informe</translation>
  </message>
  <message>
   <source>The whole report in the web browser.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Exportar...</translation>
  </message>
  <message>
   <source>Write the result as files into a folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Members</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Miembros</translation>
  </message>
  <message>
   <source>Show the score of each member of the ensemble as a chart.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Report as PDF...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Informe en PDF...</translation>
  </message>
  <message>
   <source>Report as DICOM...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Informe en DICOM...</translation>
  </message>
  <message>
   <source>Structured report, segmentations and maps for the study of a scan that came from DICOM. They hold the patient's name, as the scan does.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Regions, the most affected first</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Regiones, primero las más afectadas</translation>
  </message>
  <message>
   <source>Click a row to see the region.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Injury scores, item by item</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Escalas de lesión, punto por punto</translation>
  </message>
  <message>
   <source>Checks</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comprobaciones</translation>
  </message>
  <message>
   <source>Where the number comes from</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>De dónde viene el número</translation>
  </message>
  <message>
   <source>Views</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Vistas</translation>
  </message>
  <message>
   <source>Over the ADC:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Sobre el ADC:</translation>
  </message>
  <message>
   <source>What is shown in colour over the ADC (Ctrl+Shift+L changes it).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Threshold:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Umbral:</translation>
  </message>
  <message>
   <source>Evidence below this share of the map's peak is not shown.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source> %</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Opacity:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Opacidad:</translation>
  </message>
  <message>
   <source>Of the saliency over the ADC.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Colours:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Colores:</translation>
  </message>
  <message>
   <source>Colour map of the saliency.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Atlas outline over the scan: does the placement fit?</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Contorno del atlas sobre la exploración: ¿encaja?</translation>
  </message>
  <message>
   <source>Show overlay</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Mostrar superposición</translation>
  </message>
  <message>
   <source>Saliency over the ADC in all slice views.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side by side</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Lado a lado</translation>
  </message>
  <message>
   <source>Saliency and deviation from normal in two linked axial views.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Blink</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Parpadear</translation>
  </message>
  <message>
   <source>Show and hide the colours in turn (Ctrl+Shift+B); Ctrl+Shift+O shows or hides them once.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Next place</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Siguiente lugar</translation>
  </message>
  <message>
   <source>Go to the next lesion, or, where there is none, the next place of strong evidence (Ctrl+Shift+N).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compare explanations</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comparar explicaciones</translation>
  </message>
  <message>
   <source>Methods:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Métodos:</translation>
  </message>
  <message>
   <source>Two to six ways to locate the evidence.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evidence for:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indicios de:</translation>
  </message>
  <message>
   <source>Which outcome the maps are to explain.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compare</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comparar</translation>
  </message>
  <message>
   <source>Predict first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>End the comparison; the scene stays as it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Shown:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The comparisons of this result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Strongest:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>So much of each map's evidence is shown, strongest first, in all views.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Of the maps over the ADC.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Show side by side</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A linked axial view a map, with one colour scale.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Ordinary views</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Back to the views that were shown before.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The share of each map's evidence that lies in a region, in per cent.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evaluate against a reference</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Evaluar frente a una referencia</translation>
  </message>
  <message>
   <source>Reference:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Referencia:</translation>
  </message>
  <message>
   <source>A lesion that somebody has drawn: a segmentation with its visible segments, or a mask on the scan's grid.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evaluate</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Evaluar</translation>
  </message>
  <message>
   <source>Overlap, volumes and distances of the lesion shown and the reference, and the evidence inside it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Check this computer</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comprobar este equipo</translation>
  </message>
  <message>
   <source>Check</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comprobación</translation>
  </message>
  <message>
   <source>Slicer, Python, packages, torch, graphics card, memory and disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install from a folder...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instalar desde una carpeta...</translation>
  </message>
  <message>
   <source>For a computer without network: packages, torch among them, from a folder of .whl files.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.archiveSection</name>
  <message>
   <source>Printing...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Imprimiendo...</translation>
  </message>
  <message>
   <source>Writing DICOM objects...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Escribiendo objetos DICOM...</translation>
  </message>
  <message>
   <source>Report as PDF</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PDF files (*.pdf)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder for the DICOM objects</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The whole report as a PDF file, A4.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El informe completo en archivo PDF, A4.</translation>
  </message>
  <message>
   <source>This Slicer has no web engine. Open the report in the browser and print it there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This scan did not come from DICOM, so nobody knows its study.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Este estudio no procede de DICOM, así que no se conoce su estudio DICOM.</translation>
  </message>
  <message>
   <source>Load the DICOM series and predict that.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cargue la serie DICOM y prediga esa.</translation>
  </message>
  <message>
   <source>Choose another file, or open the report in the browser and print it there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another folder or scan.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Written: {name}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Escrito: {name}</translation>
  </message>
  <message>
   <source>It holds the computed lesion, not the corrected one.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Contiene la lesión calculada, no la corregida.</translation>
  </message>
  <message>
   <source>Choose another folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The report was not printed: {problem}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the worker gave no answer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The computed lesion in the scene cannot be read.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.checkPhrases</name>
  <message>
   <source>modality and unit</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>modalidad y unidad</translation>
  </message>
  <message>
   <source>voxel size</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>tamaño de vóxel</translation>
  </message>
  <message>
   <source>brain volume</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>volumen cerebral</translation>
  </message>
  <message>
   <source>largest cut through the brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>mayor corte a través del cerebro</translation>
  </message>
  <message>
   <source>voxels missing in a slice</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>vóxeles ausentes en un corte</translation>
  </message>
  <message>
   <source>voxels without a value</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>vóxeles sin valor</translation>
  </message>
  <message>
   <source>voxels with an implausible ADC</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>vóxeles con un ADC inverosímil</translation>
  </message>
  <message>
   <source>median ADC of the brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ADC mediano del cerebro</translation>
  </message>
  <message>
   <source>striping between slices</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>bandas entre cortes</translation>
  </message>
  <message>
   <source>step between slices</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>salto entre cortes</translation>
  </message>
  <message>
   <source>signal lost in a slice of one volume</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>señal perdida en un corte de un volumen</translation>
  </message>
  <message>
   <source>signal of one volume beside its shell</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>señal de un volumen frente a los de su valor b</translation>
  </message>
  <message>
   <source>postnatal age</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>edad posnatal</translation>
  </message>
  <message>
   <source>brain mask beside the one found</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>máscara cerebral frente a la encontrada</translation>
  </message>
  <message>
   <source>brain found in the ADC map alone</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cerebro hallado solo en el mapa ADC</translation>
  </message>
  <message>
   <source>ADC of fluid</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ADC del líquido</translation>
  </message>
  <message>
   <source>distance from the training cases</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>distancia a los casos de entrenamiento</translation>
  </message>
  <message>
   <source>field of view</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>campo de visión</translation>
  </message>
  <message>
   <source>overlap with the atlas brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>solapamiento con el cerebro del atlas</translation>
  </message>
  <message>
   <source>stretch of the placement</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>estiramiento de la colocación</translation>
  </message>
  <message>
   <source>similarity to the atlas</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>semejanza con el atlas</translation>
  </message>
  <message>
   <source>folding of the placement</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>plegamiento de la colocación</translation>
  </message>
  <message>
   <source>fine detail shared by z-map and ADC</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>detalle fino común al mapa z y al ADC</translation>
  </message>
  <message>
   <source>change of ADC where z changes by 1</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cambio del ADC donde z cambia en 1</translation>
  </message>
  <message>
   <source>The values are not those of an ADC map. Choose the ADC map or the raw diffusion series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Los valores no son los de un mapa ADC. Elija el mapa ADC o la serie de difusión original.</translation>
  </message>
  <message>
   <source>The signal is missing in part of the brain. Look at the raw volumes, or use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Falta señal en parte del cerebro. Mire los volúmenes originales o use otra serie.</translation>
  </message>
  <message>
   <source>The map is noisy or not an ADC map. Fit it from the raw series, or use another scan.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El mapa tiene ruido o no es un mapa ADC. Calcúlelo de la serie original o use otro estudio.</translation>
  </message>
  <message>
   <source>Is this a newborn's ADC map? Adults' is lower.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>¿Es el mapa ADC de un recién nacido? El de los adultos es más bajo.</translation>
  </message>
  <message>
   <source>Check the header's spacing, or use a scan with thinner slices.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Compruebe el espaciado de la cabecera o use un estudio con cortes más finos.</translation>
  </message>
  <message>
   <source>Is this a newborn's whole brain? Give a brain mask with --mask.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>¿Es el cerebro entero de un recién nacido? Indique una máscara cerebral con --mask.</translation>
  </message>
  <message>
   <source>Skull or scalp may lie in the brain mask. Look at the outline; give a brain mask with --mask, a skull-stripped ADC map, or the raw series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Puede haber cráneo o cuero cabelludo en la máscara cerebral. Mire el contorno; indique una máscara con --mask, un mapa ADC sin cráneo o la serie original.</translation>
  </message>
  <message>
   <source>Is the map's scale right (unit, b-value)? Compare fluid in the ventricles: about 3000. Override this if the scale is right.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>¿Es correcta la escala del mapa (unidad, valor b)? Compare el líquido de los ventrículos: unos 3000. Ignore esto si la escala es correcta.</translation>
  </message>
  <message>
   <source>Part of the brain is missing. Use a scan that holds all of it, or give a brain mask with --mask.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Falta parte del cerebro. Use un estudio que lo contenga entero o indique una máscara cerebral con --mask.</translation>
  </message>
  <message>
   <source>Low ADC may have returned to normal, so that injury is missed. Use an earlier scan, or other sequences.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Un ADC bajo puede haber vuelto a lo normal, de modo que la lesión no se vea. Use un estudio más temprano u otras secuencias.</translation>
  </message>
  <message>
   <source>A slice has lost its signal, or the file is not whole. Use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Un corte ha perdido su señal o el archivo no está completo. Use otra serie.</translation>
  </message>
  <message>
   <source>The infant moved while a slice was taken, or its signal failed. Look at the raw volumes, and leave the damaged one out or use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El niño se movió durante un corte o falló su señal. Mire los volúmenes originales y descarte el dañado, o use otra serie.</translation>
  </message>
  <message>
   <source>One volume is far brighter or darker than the others of its b-value: it may have another b-value than is stated, or another gain. Look at the raw volumes; leave it out, or correct the b-values.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Un volumen es mucho más claro u oscuro que los demás de su valor b: puede tener otro valor b que el indicado, u otra ganancia. Mire los volúmenes originales; descártelo o corrija los valores b.</translation>
  </message>
  <message>
   <source>The infant moved, or the signal failed in some slices. Look at the raw volumes; use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El niño se movió o falló la señal en algunos cortes. Mire los volúmenes originales; use otra serie.</translation>
  </message>
  <message>
   <source>The scan does not hold the whole brain.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El estudio no contiene el cerebro entero.</translation>
  </message>
  <message>
   <source>Look at the brain mask over the scan; placement in {atlas} failed or the brain is not whole.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Mire la máscara cerebral sobre el estudio; falló la colocación en {atlas} o el cerebro no está entero.</translation>
  </message>
  <message>
   <source>Mirrored front to back the scan would resemble the atlas more: its header may be wrong. Convert it again from the DICOM files.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The z-map is turned round, or of another scan. Give the one of this scan in its own orientation, or leave --z-adc out: one is made from the atlas.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El mapa z está girado o es de otro estudio. Indique el de este estudio en su propia orientación, o deje --z-adc vacío: se crea uno a partir del atlas.</translation>
  </message>
  <message>
   <source>The z-map is not in standard deviations: it may have been multiplied when it was saved. Give it as it was made, or leave --z-adc out: one is made from the atlas.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El mapa z no está en desviaciones estándar: puede haberse multiplicado al guardarlo. Indíquelo tal como se hizo, o deje --z-adc vacío: se crea uno a partir del atlas.</translation>
  </message>
  <message>
   <source>Look at the mask over the scan. Override this if it lies on the brain: then the one found is wrong.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Mire la máscara sobre el estudio. Ignore esto si cubre el cerebro: entonces la encontrada es errónea.</translation>
  </message>
  <message>
   <source>The network sees what its training cases had not. Look at the scan; do not rely on the number.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La red ve algo que sus casos de entrenamiento no tenían. Mire el estudio; no se fíe del número.</translation>
  </message>
  <message>
   <source>at most {limit}; refused over {refused}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>como máximo {limit}; se rechaza por encima de {refused}</translation>
  </message>
  <message>
   <source>at most {limit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>como máximo {limit}</translation>
  </message>
  <message>
   <source>at least {limit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>como mínimo {limit}</translation>
  </message>
  <message>
   <source>{low} to {high} mm along every axis</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} a {high} mm en cada eje</translation>
  </message>
  <message>
   <source>an ADC map in 1e-6 mm2/s, 1e-3 mm2/s or mm2/s, or diffusion-weighted volumes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>un mapa ADC en 1e-6 mm2/s, 1e-3 mm2/s o mm2/s, o volúmenes ponderados en difusión</translation>
  </message>
  <message>
   <source>{low} to {high} ml</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} a {high} ml</translation>
  </message>
  <message>
   <source>{low} to {high} 1e-6 mm2/s</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} a {high} 1e-6 mm2/s</translation>
  </message>
  <message>
   <source>before day {day}; {treatment}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>antes del día {day}; {treatment}</translation>
  </message>
  <message>
   <source>not before day {day}; {treatment}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no antes del día {day}; {treatment}</translation>
  </message>
  <message>
   <source>before day {day}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>antes del día {day}</translation>
  </message>
  <message>
   <source>cooled</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>enfriado</translation>
  </message>
  <message>
   <source>not cooled</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no enfriado</translation>
  </message>
  <message>
   <source>cooled or not is not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>enfriamiento desconocido</translation>
  </message>
  <message>
   <source>fitted from diffusion-weighted volumes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>calculado de volúmenes ponderados en difusión</translation>
  </message>
  <message>
   <source>none known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ninguna conocida</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.checkTexts</name>
  <message>
   <source>Only the quality gate was asked; click 'Predict outcome' for a number.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict in spite of these warnings? The result will say that you did.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This scan can be read</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Esta exploración se puede leer</translation>
  </message>
  <message>
   <source>A warning would keep the number back</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This scan would be refused</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Esta exploración sería rechazada</translation>
  </message>
  <message>
   <source>Only the quality gate was asked; no number was made.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>overridden</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>anulada</translation>
  </message>
  <message>
   <source>{count} of {of} checks passed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{count} de {of} comprobaciones superadas</translation>
  </message>
  <message>
   <source>WARNING</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ADVERTENCIA</translation>
  </message>
  <message>
   <source>NOT PASSED</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>NO SUPERADA</translation>
  </message>
  <message>
   <source>Check</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comprobación</translation>
  </message>
  <message>
   <source>Verdict</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Veredicto</translation>
  </message>
  <message>
   <source>Value</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Valor</translation>
  </message>
  <message>
   <source>Limit, and what to do</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Límite y qué hacer</translation>
  </message>
  <message>
   <source>&lt;b&gt;{name}&lt;/b&gt;{overridden}: {value} (must be: {limit}). {remedy}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>passed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>superada</translation>
  </message>
  <message>
   <source>, overridden</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>And {count} more, first in the table.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no se sabe</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.chosenInput</name>
  <message>
   <source>The scan was removed while it was predicted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another one.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Elija otra.</translation>
  </message>
  <message>
   <source>The scan was changed while it was predicted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict it again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.clinicalSection</name>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no se sabe</translation>
  </message>
  <message>
   <source>girl</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>niña</translation>
  </message>
  <message>
   <source>boy</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>niño</translation>
  </message>
  <message>
   <source>yes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>sí</translation>
  </message>
  <message>
   <source>no</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.clinicalTexts</name>
  <message>
   <source>&lt;b&gt;With clinical variables ({count} given): {score:.2f}&lt;/b&gt; (90 % interval {low:.2f}-{high:.2f}); by the image alone {image:.2f}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;Con variables clínicas ({count} dadas): {score:.2f}&lt;/b&gt; (intervalo del 90 % {low:.2f}-{high:.2f}); solo con la imagen {image:.2f}.</translation>
  </message>
  <message>
   <source>image {logit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>imagen {logit}</translation>
  </message>
  <message>
   <source>In log-odds, above 0 raises the number: {parts}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>En log-odds, por encima de 0 aumenta el número: {parts}.</translation>
  </message>
  <message>
   <source>{name} {logit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{name} {logit}</translation>
  </message>
  <message>
   <source>{name}, not known, {logit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{name}, no se sabe, {logit}</translation>
  </message>
  <message>
   <source>Gestational age at birth</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Edad gestacional al nacer</translation>
  </message>
  <message>
   <source>Sex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Sexo</translation>
  </message>
  <message>
   <source>Apgar score at 1 minute</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar al minuto 1</translation>
  </message>
  <message>
   <source>Apgar score at 5 minutes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar a los 5 minutos</translation>
  </message>
  <message>
   <source>Apgar score at 10 minutes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar a los 10 minutos</translation>
  </message>
  <message>
   <source>pH of cord blood</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>pH de sangre de cordón</translation>
  </message>
  <message>
   <source>Base deficit</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Déficit de base</translation>
  </message>
  <message>
   <source>Sarnat grade</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Grado de Sarnat</translation>
  </message>
  <message>
   <source>Seizures before the scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convulsiones antes de la exploración</translation>
  </message>
  <message>
   <source>Therapeutic hypothermia</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Hipotermia terapéutica</translation>
  </message>
  <message>
   <source>Age at the scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Edad en la exploración</translation>
  </message>
  <message>
   <source>Birth weight</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Peso al nacer</translation>
  </message>
  <message>
   <source>Head circumference at birth</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Perímetro cefálico al nacer</translation>
  </message>
  <message>
   <source>others ({count}) less than 0.05 each</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>otras ({count}) menos de 0.05 cada una</translation>
  </message>
  <message>
   <source>{low} to {high} {unit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} a {high} {unit}</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.command</name>
  <message>
   <source>PythonSlicer was not found on the path of this Slicer: install Slicer again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.compareSection</name>
  <message>
   <source>Predict this scan first: a comparison belongs to a result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose two to {most} methods; {count} are chosen.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The comparison in the scene cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compare again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.comparison</name>
  <message>
   <source>{title}, map</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title}, agreement of members</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Agreement of methods</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>for an adverse outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>for a favourable outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evidence by region</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>its ADC is not the result's</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Comparison ({target})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Comparison of explanations ({target})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is not on the grid of the result</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.comparisonDisplay</name>
  <message>
   <source>Agreement</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE comparison colours</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>agreement</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>standing</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.correctionSection</name>
  <message>
   <source>Measures of the corrected lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene does not hold all that a lesion is measured on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prediga de nuevo.</translation>
  </message>
  <message>
   <source>Draw a lesion, or go back to the computed one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Correct the lesion further, or go back to the computed one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the worker gave no answer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The computed lesion cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.diskSection</name>
  <message>
   <source>DICOM folder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scan</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.display</name>
  <message>
   <source>evidence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE z-map colours</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE saliency colours</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>standard deviations</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.doctorSection</name>
  <message>
   <source>Looking...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comprobando...</translation>
  </message>
  <message>
   <source>Installing from the folder...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder of packages (.whl files)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancelled.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cancelado.</translation>
  </message>
  <message>
   <source>The check gave no answer.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.elsewhereSection</name>
  <message>
   <source>Certificate</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Token file</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.findingTexts</name>
  <message>
   <source>&lt;i&gt;Corrected by you in this scene; the saved report keeps the computed lesion.&lt;/i&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Measuring the corrected lesion...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>strongest evidence of this map</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;i&gt;Computed from diffusion alone, not read by a radiologist.&lt;/i&gt;</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;i&gt;Calculado solo a partir de la difusión, no leído por un radiólogo.&lt;/i&gt;</translation>
  </message>
  <message>
   <source>A small or shallow lesion may be missed.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Una lesión pequeña o poco marcada puede pasar desapercibida.</translation>
  </message>
  <message>
   <source>&lt;b&gt;Lesion: {ml} ml, {share} of the brain&lt;/b&gt; (90 % interval {low} to {high}), {side}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;Lesión: {ml} ml, {share} del cerebro&lt;/b&gt; (intervalo del 90 %: {low} a {high}), {side}.</translation>
  </message>
  <message>
   <source>{ml} ml, the largest part in {place}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{ml} ml, la mayor parte en {place}</translation>
  </message>
  <message>
   <source>&lt;b&gt;{title}: {value}&lt;/b&gt; ({range}). {meaning}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Item</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Punto</translation>
  </message>
  <message>
   <source>Answer</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Respuesta</translation>
  </message>
  <message>
   <source>Rests on</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Se basa en</translation>
  </message>
  <message>
   <source>Regions and sides that hold most of the lesion, with its volume and their share.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{place}: {ml} ml ({share})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ADC {adc}, {z} standard deviations from normal</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{share} of the map's evidence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;No lesion was found&lt;/b&gt; ({meaning}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;No se encontró ninguna lesión&lt;/b&gt; ({meaning}).</translation>
  </message>
  <message>
   <source>Largest: {places}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Mayores: {places}</translation>
  </message>
  <message>
   <source>on the left</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>a la izquierda</translation>
  </message>
  <message>
   <source>on the right</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>a la derecha</translation>
  </message>
  <message>
   <source>on both sides</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>en ambos lados</translation>
  </message>
  <message>
   <source>&lt;b&gt;{title}: {value}&lt;/b&gt;. {meaning}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt;: not computed. {meaning}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Of {range}. Cannot see: {what}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{number} of {of}: {words}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>With looser limits {share} of the brain would be marked.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Con límites más amplios se marcaría {share} del cerebro.</translation>
  </message>
  <message>
   <source>not computed</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.inputs</name>
  <message>
   <source>A segmentation as brain mask needs an input in the scene, whose grid it is drawn on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scan from disk {mark}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' holds no image. Choose another volume.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' cannot be written as a temporary file. Free some disk space.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' has no visible segment. Show the brain's segment.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.install</name>
  <message>
   <source>Check the network. Without one, fetch the packages elsewhere into a folder, and choose it below 'Check this computer' with 'Install from a folder...'.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch is missing or older than this module needs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install the extension 'PyTorch' with the Extensions Manager, restart Slicer, and click again. Without network choose a folder of packages below 'Check this computer'.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch was not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Click again and accept.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The packages were not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Missing packages: {names}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>pip could not install the packages (it ended with {code}).</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.lesion</name>
  <message>
   <source>The lesion has no segment.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Lesion</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Lesión</translation>
  </message>
  <message>
   <source>{title} lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The placement in the scene cannot be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} computed lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} placement</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is not on the grid of adc.nii.gz</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.library</name>
  <message>
   <source>{library} lies neither in {folder} nor in {parent}: install AGE2HIE again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.logic</name>
  <message>
   <source>the maps explain another number than the result's, since the settings were changed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the record and the worker's exit code contradict each other</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The result cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Try again; if it happens again, report it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Inténtelo de nuevo; si se repite, comuníquelo.</translation>
  </message>
  <message>
   <source>The comparison cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again, then compare; or report it.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.messageSection</name>
  <message>
   <source>Code {code}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Código {code}</translation>
  </message>
  <message>
   <source>AGE2HIE</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.modelSection</name>
  <message>
   <source>Model archive</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model archives (*.zip *.tar.gz *.tgz)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install AGE2HIE again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instale AGE2HIE de nuevo.</translation>
  </message>
  <message>
   <source>The model was not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model {title} is not installed here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model was not deleted.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.modelTexts</name>
  <message>
   <source>SYNTHETIC: this model has seen no child.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>SINTÉTICO: este modelo no ha visto a ningún niño.</translation>
  </message>
  <message>
   <source>Trained on</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Entrenado con</translation>
  </message>
  <message>
   <source>Intended use</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Uso previsto</translation>
  </message>
  <message>
   <source>Predicts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reads</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Licence</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Licencia</translation>
  </message>
  <message>
   <source>Size</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Tamaño</translation>
  </message>
  <message>
   <source>Delete the model {title} from this computer? Results that were made with it stay.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt; cannot be used: {problem}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>none given</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{size:.1f} MB, on this computer since {date}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.nodes</name>
  <message>
   <source>{name} cannot be written</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.outline</name>
  <message>
   <source>AGE2HIE outline colours</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.parameters</name>
  <message>
   <source>automatic</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CPU</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NVIDIA graphics card</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Apple graphics</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no se sabe</translation>
  </message>
  <message>
   <source>yes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>sí</translation>
  </message>
  <message>
   <source>no</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no</translation>
  </message>
  <message>
   <source>HiResCAM (default)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Grad-CAM</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Grad-CAM++</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>LayerCAM</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Integrated gradients</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Integrated gradients with SmoothGrad (minutes)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Occlusion (minutes)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Tolerated noise (minutes)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>an adverse outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>a favourable outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>only where they moved</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>always</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>never</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>replace them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>keep them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>evidence for an adverse outcome</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>indicios de evolución desfavorable</translation>
  </message>
  <message>
   <source>deviation from normal newborns</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>desviación de neonatos sanos</translation>
  </message>
  <message>
   <source>nothing</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>nada</translation>
  </message>
  <message>
   <source>red to yellow</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>blue to white</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>green</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.printing</name>
  <message>
   <source>The web engine could not open the report.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The web engine could not print the report.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The web engine did not answer.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.protocol</name>
  <message>
   <source>Try again; if it happens again, report it with the details.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Often the memory ran out: close other programs and try again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker was cancelled from outside.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Start it again when ready.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker ended without saying that it has a result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker says that it has a result, but there is none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open 'Check this computer' below, then try again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker ended with code {code}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker said something that cannot be read: {text}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The input cannot be used.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>See the details.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker ended without an answer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker was ended by signal {number}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A Python package that is needed is missing: {line}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>an empty line</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>a line that does not end</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.ready</name>
  <message>
   <source>Choose another scan, or free some disk space.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.referenceSection</name>
  <message>
   <source>mean distance of the surfaces</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>95th percentile of it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>largest distance (Hausdorff)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>reference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>evidence inside the reference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>by chance</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Measure</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Value</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Valor</translation>
  </message>
  <message>
   <source>{ml} ml</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The mask does not lie on the scan's grid.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another reference.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{mm} mm</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' does not lie on the scan's grid. Resample it.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.regionTexts</name>
  <message>
   <source>Lesion</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Lesión</translation>
  </message>
  <message>
   <source>Volume of lesions in the region, and the part of it that is lesion.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Low</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Bajo</translation>
  </message>
  <message>
   <source>Part of the tissue more than two standard deviations below normal.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>left</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>izquierda</translation>
  </message>
  <message>
   <source>right</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>derecha</translation>
  </message>
  <message>
   <source>middle</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>línea media</translation>
  </message>
  <message>
   <source>both sides</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ambos lados</translation>
  </message>
  <message>
   <source>none</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>frontal cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>corteza frontal</translation>
  </message>
  <message>
   <source>parietal cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>corteza parietal</translation>
  </message>
  <message>
   <source>temporal cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>corteza temporal</translation>
  </message>
  <message>
   <source>occipital cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>corteza occipital</translation>
  </message>
  <message>
   <source>frontal white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>sustancia blanca frontal</translation>
  </message>
  <message>
   <source>parietal white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>sustancia blanca parietal</translation>
  </message>
  <message>
   <source>temporal white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>sustancia blanca temporal</translation>
  </message>
  <message>
   <source>occipital white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>sustancia blanca occipital</translation>
  </message>
  <message>
   <source>thalamus</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>tálamo</translation>
  </message>
  <message>
   <source>lentiform nucleus</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>núcleo lenticular</translation>
  </message>
  <message>
   <source>caudate nucleus</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>núcleo caudado</translation>
  </message>
  <message>
   <source>internal capsule, posterior limb</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cápsula interna, brazo posterior</translation>
  </message>
  <message>
   <source>internal capsule, anterior limb</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cápsula interna, brazo anterior</translation>
  </message>
  <message>
   <source>cerebellum</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cerebelo</translation>
  </message>
  <message>
   <source>lateral ventricle</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ventrículo lateral</translation>
  </message>
  <message>
   <source>brainstem</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>tronco encefálico</translation>
  </message>
  <message>
   <source>third and fourth ventricle</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>tercer y cuarto ventrículo</translation>
  </message>
  <message>
   <source>cerebrospinal fluid</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>líquido cefalorraquídeo</translation>
  </message>
  <message>
   <source>corpus callosum</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cuerpo calloso</translation>
  </message>
  <message>
   <source>Region</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Región</translation>
  </message>
  <message>
   <source>Left and right are the patient's.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ADC</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Median ADC of the tissue, without fluid, in 1e-6 mm2/s.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vs normal</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>vs normal</translation>
  </message>
  <message>
   <source>How far the median lies from healthy newborns', in standard deviations; below -2 is unusual.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vs other side</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>vs otro lado</translation>
  </message>
  <message>
   <source>Median ADC against the same region of the other side; negative: it is lower here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evidence</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indicios</translation>
  </message>
  <message>
   <source>Part of the map's evidence for an adverse outcome that lies here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{ml} ml, {share}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{region}, {side}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.resultSection</name>
  <message>
   <source>Folder for the result's files</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The result was not exported to {folder}: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another folder.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.run</name>
  <message>
   <source>cancelling</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker cannot be started: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker said nothing for {minutes:.0f} minutes and was ended.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install AGE2HIE again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instale AGE2HIE de nuevo.</translation>
  </message>
  <message>
   <source>Try again; if it happens again, choose the device 'CPU'.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.runs</name>
  <message>
   <source>The answer cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Try again; if it happens again, report it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Inténtelo de nuevo; si se repite, comuníquelo.</translation>
  </message>
  <message>
   <source>The result was removed meanwhile.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prediga de nuevo.</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.scene</name>
  <message>
   <source>member</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>score</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>low</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>high</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Score of each member, and the 90 % interval</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} members</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} chart</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} result</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} outline</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE: {title}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} regions</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is not on the grid of adc.nii.gz</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} report</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.state</name>
  <message>
   <source>Choose a scan, or a DICOM folder or file.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Elija una exploración, una carpeta DICOM o un archivo.</translation>
  </message>
  <message>
   <source>The model cannot be used: choose or install another one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A prediction is running.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Hay una predicción en curso.</translation>
  </message>
  <message>
   <source>A check is running.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Hay una comprobación en curso.</translation>
  </message>
  <message>
   <source>A comparison is running.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The lesion is measured.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The folder or file does not exist: {path}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.texts</name>
  <message>
   <source>&lt;b&gt;Research use only.&lt;/b&gt; Not a medical device; not for clinical decisions.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;Solo para investigación.&lt;/b&gt; No es un producto sanitario; no para decisiones clínicas.</translation>
  </message>
  <message>
   <source>&lt;b&gt;Scans leave this computer:&lt;/b&gt; the voxels of the brain go to {host}, without name, date or header.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Probability of an adverse outcome at two years</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Probabilidad de evolución desfavorable a los dos años</translation>
  </message>
  <message>
   <source>Colours mean the same in every view: how strong a place is within its own map, from 0 to the peak, 1. A place at 0.8 is among those that hold the strongest 20 % of the map's evidence. In the last view: the part of the maps that show a place.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Demonstration score</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Puntuación de demostración</translation>
  </message>
  <message>
   <source>no number</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>sin número</translation>
  </message>
  <message>
   <source>Synthetic infants that the model had not seen: blue, {favourable} without, orange, {adverse} with harm.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Infants that the model had not seen: blue, {favourable} favourable, orange, {adverse} adverse outcomes.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reading: adverse. Such a score is unusual with a favourable outcome; the report says how far.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reading: favourable. Such a score is unusual with an adverse outcome; the report says how far.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reading: indeterminate. The score does not decide; the report says what that means.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model has seen synthetic data only. This number says nothing about any child.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El modelo solo ha visto datos sintéticos. Este número no dice nada de ningún niño.</translation>
  </message>
  <message>
   <source>cannot be had</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>prevalence of the calibration</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>prevalence given</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>trained on</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>intended use</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>model SHA-256</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>atlas</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>input</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>input SHA-256</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>software</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>device</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>dispositivo</translation>
  </message>
  <message>
   <source>seconds</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Withheld because of a warning</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Retenido por una advertencia</translation>
  </message>
  <message>
   <source>Refused by the quality gate</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Rechazado por el control de calidad</translation>
  </message>
  <message>
   <source>{score:.2f}  (90 % interval {low:.2f}-{high:.2f})</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{score:.2f}  (intervalo del 90 % {low:.2f}-{high:.2f})</translation>
  </message>
  <message>
   <source>The result has no label that this version knows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The number is for a prevalence of {given:.3g}, which was given; the model was calibrated at {calibrated:.3g}. It holds if nothing but the prevalence differs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{method}, computed on cells of {cells:.0f} mm. Colours reach from no evidence to the strongest place of this map (value {peak:.2g}), so two scans' colours do not compare; only what speaks for an adverse outcome is coloured.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;Do not rely on this map ({title}):&lt;/b&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt;: cells of {cells:.0f} mm; where it is marked, the ensemble's networks agree to {agree}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No probability is given. Not passed: {count} of {of} checks.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Made in spite of a warning that was overridden: {names}. {text}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{method}: this map is nowhere above zero. It names no place that speaks for an adverse outcome.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} was examined: all {count} figures were kept.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{meaning} ({name}: {value}; limit: {limit})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ADC fitted from b</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt;: nothing speaks for this outcome.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.widget</name>
  <message>
   <source>Predict the outcome at two years. Research use only.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Locate the evidence in several ways.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Atlas folder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The result in the scene cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prediga de nuevo.</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.workerPhrases</name>
  <message>
   <source>'{name}' does not exist.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' no existe.</translation>
  </message>
  <message>
   <source>Check the name of the input.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Compruebe el nombre de la entrada.</translation>
  </message>
  <message>
   <source>'{name}' is empty (0 bytes).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' está vacío (0 bytes).</translation>
  </message>
  <message>
   <source>'{name}' cannot be read; it may be truncated or of another format ({size} bytes; {detail}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' no se puede leer; puede estar truncado o tener otro formato ({size} bytes; {detail}).</translation>
  </message>
  <message>
   <source>Copy or export it again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cópielo o expórtelo de nuevo.</translation>
  </message>
  <message>
   <source>The folder '{name}' is empty.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La carpeta '{name}' está vacía.</translation>
  </message>
  <message>
   <source>Give the folder that holds the DICOM files.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique la carpeta que contiene los archivos DICOM.</translation>
  </message>
  <message>
   <source>The folder holds {count} {what}: {choices}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La carpeta contiene {count} {what}: {choices}.</translation>
  </message>
  <message>
   <source>Name one with --series, for instance --series {series}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique una con --series, por ejemplo --series {series}.</translation>
  </message>
  <message>
   <source>There is no DICOM series '{name}'.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>No hay ninguna serie DICOM '{name}'.</translation>
  </message>
  <message>
   <source>Found: {series}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Encontrado: {series}.</translation>
  </message>
  <message>
   <source>DICOM {series} is incomplete: {why}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>DICOM {series} está incompleto: {why}.</translation>
  </message>
  <message>
   <source>DICOM {series} lacks slices: {gaps}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>A DICOM {series} le faltan cortes: {gaps}.</translation>
  </message>
  <message>
   <source>Export the series again with all of its images.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Exporte de nuevo la serie con todas sus imágenes.</translation>
  </message>
  <message>
   <source>All b-values of '{name}' {are} s/mm^2, so ADC cannot be fitted.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Todos los valores b de '{name}' {are} s/mm^2, así que no se puede calcular el ADC.</translation>
  </message>
  <message>
   <source>Give the whole series (b0 and diffusion-weighted volumes), or a 3D ADC map.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique la serie completa (b0 y volúmenes ponderados en difusión) o un mapa ADC 3D.</translation>
  </message>
  <message>
   <source>The {what} '{name}' ({grid}) does not lie on the scan's grid ({scan}){how}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' ({what}, {grid}) no está en la rejilla del estudio ({scan}){how}.</translation>
  </message>
  <message>
   <source>Give the {what} that was made from this scan, or resample it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique lo que se hizo de este estudio ({what}), o remuestréelo.</translation>
  </message>
  <message>
   <source>The unit of the ADC map '{name}' is unknown: the median in the brain is {median}, where 300-4000 (1e-6 mm2/s), 0.3-4 (1e-3 mm2/s) or 0.0003-0.004 (mm2/s) was expected.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La unidad del mapa ADC '{name}' es desconocida: la mediana en el cerebro es {median}, y se esperaba 300-4000 (1e-6 mm2/s), 0.3-4 (1e-3 mm2/s) o 0.0003-0.004 (mm2/s).</translation>
  </message>
  <message>
   <source>Scale the map to 1e-6 mm2/s.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convierta el mapa a 1e-6 mm2/s.</translation>
  </message>
  <message>
   <source>'{name}' holds no positive value.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' no contiene ningún valor positivo.</translation>
  </message>
  <message>
   <source>Give an ADC map or a diffusion series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique un mapa ADC o una serie de difusión.</translation>
  </message>
  <message>
   <source>'{name}' holds {count} volumes, but '{stem}.bval' is not beside it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' contiene {count} volúmenes, pero '{stem}.bval' no está a su lado.</translation>
  </message>
  <message>
   <source>Put the .bval file (and .bvec, if there is one) into the same folder.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Ponga el archivo .bval (y .bvec, si existe) en la misma carpeta.</translation>
  </message>
  <message>
   <source>No brain was found in the scan, so it cannot be placed in the atlas.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>No se encontró ningún cerebro en el estudio, así que no se puede colocar en el atlas.</translation>
  </message>
  <message>
   <source>Give a brain mask with --mask.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique una máscara cerebral con --mask.</translation>
  </message>
  <message>
   <source>The brain mask is empty.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La máscara cerebral está vacía.</translation>
  </message>
  <message>
   <source>Give one in which the brain is above 0, or leave --mask out.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique una en la que el cerebro sea mayor que 0, o deje --mask vacío.</translation>
  </message>
  <message>
   <source>The model {model} was not trained on released z-maps (its z-maps: {origins}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Leave --z-adc out, or use another model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model {model} was not trained on z-maps of the atlas {atlas} ({sha}...).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Leave --atlas out, or use a model that was made with it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>--{name} was given, and the model {model} reads {channels} alone.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Se indicó --{name}, y el modelo {model} solo lee {channels}.</translation>
  </message>
  <message>
   <source>Leave --{name} out, or name a model that reads it with --model.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Omita --{name}, o indique con --model un modelo que lo lea.</translation>
  </message>
  <message>
   <source>This computer offers torch no {device} device.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Este ordenador no ofrece a torch un dispositivo {device}.</translation>
  </message>
  <message>
   <source>Use --device auto or cpu.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Use --device auto o cpu.</translation>
  </message>
  <message>
   <source>The corrected lesion holds no voxel of the brain.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La lesión corregida no contiene ningún vóxel del cerebro.</translation>
  </message>
  <message>
   <source>Draw it over the scan, or go back to the computed one.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Dibújela sobre el estudio o vuelva a la calculada.</translation>
  </message>
  <message>
   <source>The output '{name}' exists already.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La salida '{name}' ya existe.</translation>
  </message>
  <message>
   <source>Choose another name, or add --overwrite.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Elija otro nombre o lugar.</translation>
  </message>
  <message>
   <source>The output '{name}' cannot be written: {reason}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La salida '{name}' no se puede escribir: {reason}.</translation>
  </message>
  <message>
   <source>Free some space, or choose another place.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Libere espacio o elija otro lugar.</translation>
  </message>
  <message>
   <source>The result was made from another scan ({one}...) than this one ({other}...).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>El resultado procede de otro estudio ({one}...) que este ({other}...).</translation>
  </message>
  <message>
   <source>Give the files that it was made from, or predict this scan.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique los archivos de los que procede, o prediga este estudio.</translation>
  </message>
  <message>
   <source>The folder '{name}' lacks wheels for this computer ({system}): {missing}. Nothing was installed.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>A la carpeta '{name}' le faltan paquetes para este ordenador ({system}): {missing}. No se instaló nada.</translation>
  </message>
  <message>
   <source>Add them with pip download, as docs/panel.md says.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Añádalos con pip download, como indica docs/panel.md.</translation>
  </message>
  <message>
   <source>'{name}' is neither a .zip nor a .tar archive.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' no es un archivo .zip ni .tar.</translation>
  </message>
  <message>
   <source>Name the archive of a model bundle.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indique el archivo de un modelo.</translation>
  </message>
  <message>
   <source>'{name}' is damaged or encrypted ({error}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>'{name}' está dañado o cifrado ({error}).</translation>
  </message>
  <message>
   <source>Get it again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Obténgalo de nuevo.</translation>
  </message>
  <message>
   <source>Defect of age2hie ({error}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Defecto de age2hie ({error}).</translation>
  </message>
  <message>
   <source>The traceback is in {place}: please report it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Los detalles están en {place}: por favor, infórmelo.</translation>
  </message>
  <message>
   <source>Convert the scan again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convierta de nuevo el estudio.</translation>
  </message>
  <message>
   <source>Convert the series again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convierta de nuevo la serie.</translation>
  </message>
  <message>
   <source>Predict the scan again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prediga de nuevo el estudio.</translation>
  </message>
  <message>
   <source>packages</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>paquetes</translation>
  </message>
  <message>
   <source>device</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>dispositivo</translation>
  </message>
  <message>
   <source>DICOM reading</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>lectura de DICOM</translation>
  </message>
  <message>
   <source>memory</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>memoria</translation>
  </message>
  <message>
   <source>temporary folder</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>carpeta temporal</translation>
  </message>
  <message>
   <source>models folder</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>carpeta de modelos</translation>
  </message>
  <message>
   <source>bundled files</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>archivos incluidos</translation>
  </message>
  <message>
   <source>all {count} are there</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>los {count} están</translation>
  </message>
  <message>
   <source>missing or too old: {names}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>faltan o son antiguos: {names}</translation>
  </message>
  <message>
   <source>not installed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>no instalado</translation>
  </message>
  <message>
   <source>CPU; no NVIDIA graphics card was found, and none is needed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>CPU; no se encontró ninguna tarjeta NVIDIA, y no hace falta</translation>
  </message>
  <message>
   <source>writable, {free} GB free</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>escribible, {free} GB libres</translation>
  </message>
  <message>
   <source>{model} and the atlas {atlas} are unchanged</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{model} y el atlas {atlas} no han cambiado</translation>
  </message>
  <message>
   <source>Install Python {version} or newer; in Slicer, install a newer Slicer.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instale Python {version} o posterior; en Slicer, un Slicer más nuevo.</translation>
  </message>
  <message>
   <source>Install Slicer {version} or newer from download.slicer.org.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instale Slicer {version} o posterior desde download.slicer.org.</translation>
  </message>
  <message>
   <source>Click Predict outcome in Slicer, which offers to install them; elsewhere: pip install {names}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Pulse la predicción en Slicer, que ofrece instalarlos; fuera: pip install {names}.</translation>
  </message>
  <message>
   <source>Install torch: in Slicer with the PyTorch extension (PyTorch Util), elsewhere with pip install torch.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instale torch: en Slicer con la extensión PyTorch (PyTorch Util), fuera con pip install torch.</translation>
  </message>
  <message>
   <source>Install torch for CUDA with Slicer's PyTorch extension to use the card.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Update the NVIDIA driver, or install the torch build for this driver with Slicer's PyTorch extension.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install it to read DICOM: pip install dcm2niix.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instálelo para leer DICOM: pip install dcm2niix.</translation>
  </message>
  <message>
   <source>Close other programs: {size} GB are comfortable.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cierre otros programas: {size} GB son holgados.</translation>
  </message>
  <message>
   <source>Set TMPDIR (on Windows TEMP) to a folder that you may write to.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Ponga TMPDIR (TEMP en Windows) en una carpeta donde pueda escribir.</translation>
  </message>
  <message>
   <source>Free {size} GB on that disk.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Libere {size} GB en ese disco.</translation>
  </message>
  <message>
   <source>Install AGE2HIE again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Instale AGE2HIE de nuevo.</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.workerTexts</name>
  <message>
   <source>reading the scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>leyendo la exploración</translation>
  </message>
  <message>
   <source>loading the model</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cargando el modelo</translation>
  </message>
  <message>
   <source>fitting ADC</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ajustando el ADC</translation>
  </message>
  <message>
   <source>finding the brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>buscando el cerebro</translation>
  </message>
  <message>
   <source>placing it in the atlas</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>colocando en el atlas</translation>
  </message>
  <message>
   <source>checking quality</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>comprobando la calidad</translation>
  </message>
  <message>
   <source>comparing with normal newborns</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>comparando con neonatos sanos</translation>
  </message>
  <message>
   <source>predicting</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>prediciendo</translation>
  </message>
  <message>
   <source>locating the evidence</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>localizando los indicios</translation>
  </message>
  <message>
   <source>examining the explanation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>writing the report</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>escribiendo el informe</translation>
  </message>
  <message>
   <source>'Brain mask'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Released z-map'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'DICOM series'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Model'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Atlas'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Prevalence'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Saliency method'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Methods'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Evidence for'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Examine the explanation'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Device'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Align volumes'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Age at scan'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Gestation at birth'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Cooled'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Predict all the same'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Certificate'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Token file'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Address'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{stage}, about {seconds:.0f} s left</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ok</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>note</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>problem</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;Ready to predict.&lt;/b&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;Not ready yet.&lt;/b&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{stage}, about {minutes:.0f} min left</source>
   <translation type="unfinished" />
  </message>
 </context>
</TS>
